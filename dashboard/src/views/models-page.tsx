import { useEffect, useState } from 'preact/hooks';
import { ApiError, getModels } from '../api/rest';
import type { Model } from '../api/types';
import { bytes, count, dateTime, value } from '../format';
import { figuresChanged, fleet } from '../state/store';

/** The models: which one scores which vehicles, and where each came from. */
export function ModelsPage() {
  const [models, setModels] = useState<Model[]>();
  const [problem, setProblem] = useState<string>();
  void figuresChanged.value;
  const version = fleet.figures?.modelsVersion;
  useEffect(() => {
    getModels()
      .then((found) => {
        setModels(found);
        setProblem(undefined);
      })
      .catch((e: unknown) => setProblem(e instanceof ApiError ? e.message : String(e)));
  }, [version]);

  return (
    <section class="page" aria-label="Models">
      <div class="page-head">
        <h1>
          Models <span class="muted">{models && count(models.length)}</span>
        </h1>
      </div>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {models?.length === 0 && <p class="empty">No model yet. Train one from the log: dotnet run --project training-job -- train --profile … --from … --to …</p>}
      <div class="models">
        {models?.map((model) => (
          <ModelCard key={model.id} model={model} />
        ))}
      </div>
    </section>
  );
}

function ModelCard({ model }: { model: Model }) {
  const { lineage } = model;
  return (
    <article class={`card model ${model.active ? 'is-active' : ''}`} data-testid="model-row">
      <div class="card-head">
        <h3>{model.id}</h3>
        {model.active ? <span class="badge live">active</span> : <span class="badge calm">not active</span>}
      </div>
      <p class="muted">
        {model.profile} · {model.detector} · {bytes(model.sizeBytes)} · trained {dateTime(model.createdAt)}
        {model.createdBy && ` by ${model.createdBy}`}
        {model.active && model.promotedAt && ` · promoted ${dateTime(model.promotedAt)}${model.promotedBy ? ` by ${model.promotedBy}` : ''}`}
      </p>
      <dl class="metrics">
        {Object.entries(model.metrics).map(([name, metric]) => (
          <div key={name}>
            <dt>{name.replaceAll('_', ' ')}</dt>
            <dd>{value(metric)}</dd>
          </div>
        ))}
      </dl>
      {lineage && (
        <p class="source muted">
          From {lineage.source}, {dateTime(lineage.fromTime)} to {dateTime(lineage.toTime)}: {count(lineage.batches)} batches of {count(lineage.vehicles)} vehicles. Code{' '}
          {lineage.codeVersion}, data {lineage.dataFingerprint.slice(0, 12)}.
        </p>
      )}
    </article>
  );
}
