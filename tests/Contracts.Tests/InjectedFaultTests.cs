namespace Kappa.Iot.Contracts.Tests;

public sealed class InjectedFaultTests
{
    [Fact]
    public void ReadAll_TruthFileWithARepairAndATornLine_GivesEachFaultOnce()
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
            var faults = InjectedFault.ReadAll(file);

            Assert.Equal([("A", 9000L), ("B", null)], faults.Select(f => (f.Vin, f.ToMs)));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void ReadAll_LineOfSomethingElse_IsNamed()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, "{\"vin\":\"A\",\"fault\":\"tyre-leak\",\"from_ms\":1,\"to_ms\":null,\"severity\":1}\n{\"name\":\"B\"}\n");
        try
        {
            Assert.Contains("line 2", Assert.Throws<InvalidDataException>(() => InjectedFault.ReadAll(file)).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
