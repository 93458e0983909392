using Kappa.Iot.AlertApi;
using Kappa.Iot.ServiceDefaults;

return await ServiceProgram.RunAsync(args, "alert-api: shows the fleet and its alerts to people: REST, SignalR and the dashboard.", AlertApiApplication.Build);
