"""Operations: the questions asked of a clustering."""
