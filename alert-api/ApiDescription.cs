using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.OpenApi;

namespace Kappa.Iot.AlertApi;

/// <summary>What <c>/openapi/v1.json</c> says of the API as a whole.</summary>
internal static class ApiDescription
{
    public static void Describe(this OpenApiOptions openApi)
    {
        openApi.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "Kappa.Iot alert API";
            document.Info.Description =
                "Vehicles, alerts and models. Live changes come over the SignalR hub /hubs/fleet: stream Fleet(cursor) for alerts, positions and " +
                "figures, stream Vehicle(vin) for one vehicle's signals and scores. There is no authentication: keep it inside your network.";
            return Task.CompletedTask;
        });
        // A record's parameters are all called required; but what is null is left out of the JSON.
        openApi.AddSchemaTransformer((schema, context, _) =>
        {
            foreach (var property in context.JsonTypeInfo.Properties)
            {
                if (property.IsGetNullable && property.AttributeProvider?.IsDefined(typeof(RequiredAttribute), inherit: true) != true) schema.Required?.Remove(property.Name);
            }

            return Task.CompletedTask;
        });
    }
}
