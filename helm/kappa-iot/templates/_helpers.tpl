{{- define "kappa-iot.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What selects a component's pods. Takes (dict "root" $ "component" NAME); these labels can never change on an installed release. */}}
{{- define "kappa-iot.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "kappa-iot.labels" -}}
{{ include "kappa-iot.selector" . }}
app.kubernetes.io/part-of: kappa-iot
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "kappa-iot.image" -}}
{{ .root.Values.image.repository }}/{{ .component }}:{{ default .root.Chart.AppVersion .root.Values.image.tag }}
{{- end -}}

{{/* Settings of the pod that are the same for our own programs. 1654 is the user of the .NET images. */}}
{{- define "kappa-iot.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 1654
  runAsGroup: 1654
  fsGroup: 1654
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{- define "kappa-iot.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{- define "kappa-iot.kafkaAddress" -}}
{{- if .Values.kafka.enabled -}}
{{ include "kappa-iot.fullname" . }}-kafka.{{ .Release.Namespace }}.svc:9092
{{- else -}}
{{ required "kafka.bootstrapServers is empty: give the brokers' addresses, or let the chart run a node with kafka.enabled=true" .Values.kafka.bootstrapServers }}
{{- end -}}
{{- end -}}

{{- define "kappa-iot.twinsSecret" -}}
{{ default (printf "%s-twins" (include "kappa-iot.fullname" .)) .Values.twins.existingSecret }}
{{- end -}}

{{/* Environment of everything that talks to the log: section Kafka of the settings. Takes (dict "root" $ "settings" MAP). */}}
{{- define "kappa-iot.env" -}}
- name: Kafka__BootstrapServers
  value: {{ include "kappa-iot.kafkaAddress" .root | quote }}
- name: Kafka__Partitions
  value: {{ .root.Values.kafka.partitions | quote }}
{{- if not .root.Values.kafka.enabled }}
- name: Kafka__SecurityProtocol
  value: {{ .root.Values.kafka.securityProtocol }}
{{- with .root.Values.kafka.saslMechanism }}
- name: Kafka__SaslMechanism
  value: {{ . }}
{{- end }}
{{- with .root.Values.kafka.saslSecret }}
- name: Kafka__SaslUsername
  valueFrom:
    secretKeyRef: { name: {{ . }}, key: username }
- name: Kafka__SaslPassword
  valueFrom:
    secretKeyRef: { name: {{ . }}, key: password }
{{- end }}
{{- if .root.Values.kafka.caSecret }}
- name: Kafka__SslCaLocation
  value: /etc/kafka-ca/ca.crt
{{- end }}
{{- end }}
{{- with .root.Values.telemetry.otlpEndpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- range $name, $value := .settings }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end -}}

{{/* The root file system is read-only; .NET wants /tmp for its diagnostics socket, and training for its scratch files. */}}
{{- define "kappa-iot.volumeMounts" -}}
- name: tmp
  mountPath: /tmp
{{- if and (not .Values.kafka.enabled) .Values.kafka.caSecret }}
- name: kafka-ca
  mountPath: /etc/kafka-ca
  readOnly: true
{{- end }}
{{- end -}}

{{- define "kappa-iot.volumes" -}}
- name: tmp
  emptyDir: {}
{{- if and (not .Values.kafka.enabled) .Values.kafka.caSecret }}
- name: kafka-ca
  secret:
    secretName: {{ .Values.kafka.caSecret }}
{{- end }}
{{- end -}}

{{/*
A service's Deployment, the Service for its HTTP port, and a PodDisruptionBudget where there is more than one pod.
Takes (dict "root" $ "component" NAME "values" MAP "mqtt" BOOL "twins" BOOL "httpService" BOOL).
*/}}
{{- define "kappa-iot.service" -}}
{{- $fullname := printf "%s-%s" (include "kappa-iot.fullname" .root) .component -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $fullname }}
  labels:
    {{- include "kappa-iot.labels" . | nindent 4 }}
spec:
  replicas: {{ .values.replicas }}
  selector:
    matchLabels:
      {{- include "kappa-iot.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "kappa-iot.labels" . | nindent 8 }}
    spec:
      {{- include "kappa-iot.pod" .root | nindent 6 }}
      # Longer than preStop and Shutdown:Timeout (25 s) together, so that a stopping service can drain.
      terminationGracePeriodSeconds: 40
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "kappa-iot.selector" . | nindent 14 }}
      containers:
        - name: {{ .component }}
          image: {{ include "kappa-iot.image" . | quote }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          {{- include "kappa-iot.containerSecurity" .root | nindent 10 }}
          env:
            {{- include "kappa-iot.env" (dict "root" .root "settings" .values.settings) | nindent 12 }}
            {{- if .twins }}
            - name: Twins__ConnectionString
              valueFrom:
                secretKeyRef: { name: {{ include "kappa-iot.twinsSecret" .root }}, key: connectionString }
            {{- end }}
          ports:
            - name: http
              containerPort: 8080
            {{- if .mqtt }}
            - name: mqtt
              containerPort: 1883
            {{- end }}
          startupProbe:
            httpGet: { path: /health/live, port: http }
            periodSeconds: 2
            failureThreshold: 60
          livenessProbe:
            httpGet: { path: /health/live, port: http }
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          readinessProbe:
            httpGet: { path: /health/ready, port: http }
            periodSeconds: 5
            timeoutSeconds: 5
          lifecycle:
            # Until every node has heard that this pod goes, it still gets connections.
            preStop:
              sleep: { seconds: 5 }
          resources:
            {{- toYaml .values.resources | nindent 12 }}
          volumeMounts:
            {{- include "kappa-iot.volumeMounts" .root | nindent 12 }}
      volumes:
        {{- include "kappa-iot.volumes" .root | nindent 8 }}
{{- if gt (int .values.replicas) 1 }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ $fullname }}
  labels:
    {{- include "kappa-iot.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      {{- include "kappa-iot.selector" . | nindent 6 }}
{{- end }}
{{- if .httpService }}
---
# Health and metrics, for inside the cluster.
apiVersion: v1
kind: Service
metadata:
  name: {{ $fullname }}-http
  labels:
    {{- include "kappa-iot.labels" . | nindent 4 }}
spec:
  selector:
    {{- include "kappa-iot.selector" . | nindent 4 }}
  ports:
    - name: http
      port: 8080
      targetPort: http
{{- end }}
{{- end -}}
