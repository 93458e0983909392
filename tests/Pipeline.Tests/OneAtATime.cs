// Each test runs a whole pipeline of processes: one is enough for a machine.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
