# One image a service: docker build --target ingest-gateway -t kappa-iot/ingest-gateway .
# Targets: ingest-gateway scoring-service digital-twin-sink alert-api training-job simulator embedded-kafka

ARG DOTNET_VERSION=10.0
ARG NODE_VERSION=22


# The dashboard is only files, so it is built once, whatever the target's processor.
FROM node:${NODE_VERSION}-slim AS dashboard
WORKDIR /src
COPY dashboard/package.json dashboard/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY dashboard/ ./
RUN npm run build -- --outDir /dashboard --emptyOutDir


FROM mcr.microsoft.com/dotnet/sdk:${DOTNET_VERSION} AS publish
# Set by BuildKit; the processor of this machine where it is not.
ARG TARGETARCH
ENV PROGRAMS="ingest-gateway scoring-service digital-twin-sink alert-api training-job simulator embedded-kafka" \
    DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
WORKDIR /src

# Packages change less often than code: with the project files alone, this layer stays as long as they do.
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY contracts/*.csproj contracts/
COPY streaming/*.csproj streaming/
COPY detection/*.csproj detection/
COPY twins/*.csproj twins/
COPY service-defaults/*.csproj service-defaults/
COPY terminal/*.csproj terminal/
COPY ingest-gateway/*.csproj ingest-gateway/
COPY scoring-service/*.csproj scoring-service/
COPY digital-twin-sink/*.csproj digital-twin-sink/
COPY alert-api/*.csproj alert-api/
COPY training-job/*.csproj training-job/
COPY simulator/*.csproj simulator/
COPY embedded-kafka/*.csproj embedded-kafka/
RUN set -e; for program in $PROGRAMS; do dotnet restore "$program" ${TARGETARCH:+--arch $TARGETARCH}; done

COPY . .
# For one processor only, so that the native libraries of all the others stay out of the images. The dashboard has its own stage.
RUN set -e; for program in $PROGRAMS; do \
      dotnet publish "$program" --configuration Release --no-restore ${TARGETARCH:+--arch $TARGETARCH} \
        --self-contained false -p:UseAppHost=false -p:BuildDashboard=false --output "/out/$program"; \
    done


# The default (Ubuntu) images, not the chiselled ones: bash is what the health checks below speak HTTP with. They have what the
# native libraries need (librdkafka: libc, libm; ML.NET: libstdc++). Without libsasl2, Confluent.Kafka takes its librdkafka
# without Kerberos; SASL PLAIN, SCRAM and OAUTHBEARER are in that one too.
FROM mcr.microsoft.com/dotnet/aspnet:${DOTNET_VERSION} AS runtime
ARG VERSION=0.1.0
LABEL org.opencontainers.image.vendor="The Kappa.Iot contributors" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
WORKDIR /app
# A folder for what a program keeps, which its user may write to; a new volume mounted here takes the owner over.
RUN mkdir /data && chown "$APP_UID" /data
USER $APP_UID


# Services bind to the loopback address by default; in a container that would be of no use.
FROM runtime AS web
ENV Urls=http://0.0.0.0:8080 ASPNETCORE_HTTP_PORTS=
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080; printf 'GET /health/ready HTTP/1.0\\r\\n\\r\\n' >&3; read -r -u 3 _ status _ && [ \"$status\" = 200 ]"]


FROM web AS ingest-gateway
LABEL org.opencontainers.image.title="Kappa.Iot ingest gateway" \
      org.opencontainers.image.description="MQTT 3.1.1 and 5 in front of Kafka"
ENV Mqtt__Host=0.0.0.0 Mqtt__Port=1883
EXPOSE 1883
COPY --from=publish /out/ingest-gateway ./
ENTRYPOINT ["dotnet", "Kappa.Iot.IngestGateway.dll"]


FROM web AS scoring-service
LABEL org.opencontainers.image.title="Kappa.Iot scoring service" \
      org.opencontainers.image.description="Telemetry in, scores and alerts out, exactly once"
COPY --from=publish /out/scoring-service ./
ENTRYPOINT ["dotnet", "Kappa.Iot.ScoringService.dll"]


FROM web AS digital-twin-sink
LABEL org.opencontainers.image.title="Kappa.Iot digital twin sink" \
      org.opencontainers.image.description="Keeps one document a vehicle in the twin store"
COPY --from=publish /out/digital-twin-sink ./
ENTRYPOINT ["dotnet", "Kappa.Iot.DigitalTwinSink.dll"]


FROM web AS alert-api
LABEL org.opencontainers.image.title="Kappa.Iot alert API" \
      org.opencontainers.image.description="SignalR, REST and the dashboard"
COPY --from=publish /out/alert-api ./
COPY --from=dashboard /dashboard ./wwwroot
ENTRYPOINT ["dotnet", "Kappa.Iot.AlertApi.dll"]


# The programs below serve no HTTP, so they have no health check: a finished one says how it went by its exit code.
FROM runtime AS training-job
LABEL org.opencontainers.image.title="Kappa.Iot training job" \
      org.opencontainers.image.description="Trains, evaluates and promotes models from the log"
# LightGBM, which grows the trees, is built with OpenMP. (Scoring needs neither.)
USER root
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*
USER $APP_UID
COPY --from=publish /out/training-job ./
ENTRYPOINT ["dotnet", "Kappa.Iot.TrainingJob.dll"]


FROM runtime AS simulator
LABEL org.opencontainers.image.title="Kappa.Iot simulator" \
      org.opencontainers.image.description="Virtual vehicles and recorded traces over MQTT"
VOLUME /data
COPY --from=publish /out/simulator ./
ENTRYPOINT ["dotnet", "Kappa.Iot.Simulator.dll"]


# For one machine without Apache Kafka. It tells clients the address that it listens on, so run it with --network host.
FROM runtime AS embedded-kafka
LABEL org.opencontainers.image.title="Kappa.Iot embedded Kafka" \
      org.opencontainers.image.description="A single-node server that speaks the Kafka protocol"
VOLUME /data
EXPOSE 9092
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9092"]
COPY --from=publish /out/embedded-kafka ./
ENTRYPOINT ["dotnet", "Kappa.Iot.EmbeddedKafka.dll"]
CMD ["--port", "9092", "--data", "/data"]
