package io.adapt4j.examples.spring;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.spring.boot.Adapt4jProperties;
import jakarta.annotation.PreDestroy;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Service;

/**
 * Trains an adapter in the background and then attaches it to the chat model; answers in progress
 * finish without it.
 */
@Service
class Training {

  private static final String ADAPTER = "shakespeare";

  private final LanguageModel model;
  private final Adapt4jProperties.Model base;
  private final ExampleProperties example;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread made = new Thread(task, "training");
            made.setDaemon(true);
            return made;
          });
  private final AtomicReference<Progress> progress =
      new AtomicReference<>(new Progress("idle", 0, 0, ""));
  private volatile @Nullable FineTuner running;

  Training(LanguageModel model, Adapt4jProperties properties, ExampleProperties example) {
    this.model = model;
    this.base = properties.model();
    this.example = example;
  }

  /** Progress of a run. */
  record Progress(String state, int step, double loss, String message) {}

  Progress progress() {
    return Objects.requireNonNull(progress.get());
  }

  /** Starts a run unless one is running. */
  boolean start() {
    Progress before = progress();
    if (before.state().equals("running")
        || !progress.compareAndSet(before, new Progress("running", 0, 0, ""))) {
      return false;
    }
    thread.execute(this::run);
    return true;
  }

  private void run() {
    try {
      FineTuner tuner = tuner();
      running = tuner;
      FineTuneReport report = tuner.run();
      use(LoraAdapter.at(report.last()));
      progress.set(new Progress("done", report.steps(), report.lastLoss(), ""));
    } catch (RuntimeException e) {
      progress.updateAndGet(
          last -> new Progress("failed", last.step(), last.loss(), String.valueOf(e.getMessage())));
    } finally {
      running = null;
    }
  }

  private FineTuner tuner() {
    return FineTuner.builder()
        .model(ModelSource.path(Path.of(Objects.requireNonNull(base.path()))))
        .dataset(Datasets.jsonl(Path.of(example.passages())))
        .method(Lora.rank(8).alpha(16))
        .maxSteps(example.steps())
        .learningRate(2e-3)
        .listener(
            new TrainingListener() {
              @Override
              public void step(StepEvent event) {
                progress.set(new Progress("running", event.step(), event.loss(), ""));
              }
            })
        .output(Path.of(example.output(), "run"))
        .overwriteOutput()
        .build();
  }

  private void use(LoraAdapter adapter) {
    if (model.adapterNames().contains(ADAPTER)) {
      model.useAdapters();
      model.removeAdapter(ADAPTER);
    }
    model.addAdapter(ADAPTER, adapter);
    model.useAdapters(ADAPTER);
  }

  /** Stops a running run: it saves its state, and the next one starts from scratch. */
  @PreDestroy
  void stop() {
    FineTuner tuner = running;
    if (tuner != null) {
      tuner.stop();
    }
    thread.shutdown();
  }
}
