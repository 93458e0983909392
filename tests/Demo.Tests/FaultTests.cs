using Kappa.Iot.Demo.Counting;

namespace Kappa.Iot.Demo.Tests;

public sealed class FaultTests
{
    [Fact]
    public void Read_TruthFileWithARepairAndATornLine_GivesEachFaultOnce()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, """
            {"vin":"A","fault":"tyre-leak","from_ms":1000,"to_ms":null,"severity":0.8}
            {"vin":"B","fault":"coolant-leak","from_ms":2000,"to_ms":null,"severity":0.5}
            {"vin":"A","fault":"tyre-leak","from_ms":1000,"to_ms":9000,"severity":0.8}
            {"vin":"C","fault":"cool
            """);
        try
        {
            var faults = Fault.Read(file);

            Assert.Equal([("A", 9000L), ("B", null)], faults.Select(f => (f.Vin, f.ToMs)));
        }
        finally
        {
            File.Delete(file);
        }
    }
}
