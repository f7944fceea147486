"""ClusteringRan: what made the clustering, as a class of methods."""

from relevanceai.clustering.report import RunReport, run_report
from relevanceai.operations.held import HoldsClustering


class ClusteringRan:
    """The question where a clustering comes from."""

    def run_report(self: HoldsClustering) -> RunReport:
        """Return what made this clustering: model, parameters, seed, time, inertia, sizes.

        Returns
        -------
        RunReport, which prints as a small table. It tells of the run as it was: documents that were
        deleted or assigned since are not in its sizes (`sizes()` has those of now). What an older
        version of this package did not keep is None.

        Examples
        --------
        >>> import tempfile
        >>> from relevanceai import Client
        >>> ds = Client(tempfile.mkdtemp()).Dataset("shoes")
        >>> made = ds.insert_documents([{"_id": str(i), "x_vector_": [i % 2, 1]} for i in range(4)])
        >>> report = ds.cluster("kmeans", n_clusters=2).run_report()
        >>> report.model, report.random_state, report.inertia, report.sizes
        ('sklearn.cluster.KMeans', 0, 0.0, {'cluster-0': 2, 'cluster-1': 2})
        """
        return run_report(self._clustering())
