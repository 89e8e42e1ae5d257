package io.adapt4j.verification.golden.speech;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.SequenceInputs;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.loss.SequenceLoss;
import io.adapt4j.core.internal.nn.sequence.SequenceSource;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.train.LearningRate;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.internal.train.Warmup;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.speech.internal.whisper.WhisperModel;
import io.adapt4j.verification.internal.Bases;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.Kind;
import io.adapt4j.verification.internal.Networks;
import io.adapt4j.verification.internal.Series;
import io.adapt4j.verification.internal.Tolerances;
import io.adapt4j.verification.internal.TrainerOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Checks LoRA on models that listen to recordings: logits, and the loss with its gradients. */
public final class SpeechLoraCheck {

  private static final String OPTIONS = "train.json";

  /** Folders of such adapters. */
  public static final Kind KIND =
      new Kind(
          "adapters on speech",
          source ->
              source.file(OPTIONS).path("task").asText().equals("speech_seq2seq")
                  && source.json().has("steps"),
          (source, section) -> {
            try (GoldenFolder golden = GoldenFolder.open(source.path(), section)) {
              run(golden);
            }
          });

  private static final double LOSS = 1e-3;
  private static final double TRAINED_LOGITS = 2e-3;

  private final GoldenFolder golden;
  private final WhisperModel model;
  private final JsonNode options;
  private final List<MicroBatch> batches = new ArrayList<>();
  private final MicroBatch evaluation;

  /** Features of recordings, and their targets. */
  private record MicroBatch(Tensor features, SequenceInputs targets) {}

  private SpeechLoraCheck(GoldenFolder golden, WhisperModel model, JsonNode options) {
    this.golden = golden;
    this.model = model;
    this.options = options;
    try (Checkpoint stored = Checkpoint.openFile(golden.path().resolve("batches.safetensors"))) {
      for (int i = 0; stored.names().contains(i + ".labels"); i++) {
        batches.add(batch(stored, i + "."));
      }
    }
    this.evaluation = batches.get(options.path("eval_batch").asInt());
  }

  private MicroBatch batch(Checkpoint stored, String prefix) {
    float[] values = GoldenFolder.floats(stored, prefix + "input_features");
    int mels = model.features().mels();
    int frames = model.features().frames();
    int rows = values.length / mels / frames;
    float[] turned = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      int row = i / (mels * frames);
      turned[(row * frames + i % frames) * mels + i / frames % mels] = values[i];
    }
    long[] labels = GoldenFolder.longs(stored, prefix + "labels");
    return new MicroBatch(
        Tensor.of(turned, rows, frames, mels),
        new SequenceInputs(new long[0], new long[0], labels, rows, 0));
  }

  private static void run(GoldenFolder golden) {
    JsonNode options = GoldenFolder.json(golden.path(), OPTIONS);
    Path base = Bases.find(golden.path(), options.path("base").asText());
    Networks.requireSupported(base);
    try (WhisperModel model =
            WhisperModel.load(base, Precision.FP32, WeightFormat.asStored(), List.of());
        Scope scope = Scope.open()) {
      SpeechLoraCheck check = new SpeechLoraCheck(golden, model, options);
      golden.attempt("logits_base", () -> check.logits("logits_base", "logits_base"));
      for (String name : List.of("initial", "random", "final")) {
        golden.attempt(name, () -> check.adapter(name));
      }
      golden.attempt("grad_random", () -> check.gradients(base, false));
      golden.attempt("grad_random (recompute)", () -> check.gradients(base, true));
      golden.attempt("training", () -> check.training(base));
    }
  }

  private SequenceSource read(MicroBatch batch, Ops ops, boolean recompute) {
    EncoderDecoder network = model.network();
    int length = network.encoder().positions().limit();
    return network.read(ops, batch.features(), length, recompute, null);
  }

  /** Returns the mean loss of a batch, and accumulates the gradients of a multiple of it. */
  private double loss(MicroBatch batch, double scale, boolean recompute, long seed) {
    int count = batch.targets().targets();
    return SequenceLoss.forwardBackward(
            model.network(),
            (ops, again) -> read(batch, ops, again),
            batch.targets(),
            0,
            scale / count,
            recompute,
            seed)
        / count;
  }

  /** Repeats the recorded run: each step's loss is the mean of its micro-batches' means. */
  private void training(Path base) {
    JsonNode steps = golden.json().path("steps");
    LearningRate rates =
        new LearningRate(
            TrainerOptions.schedule(options.path("lr_scheduler_type").asText()),
            options.path("learning_rate").asDouble(),
            Warmup.ofSteps(options.path("warmup_steps").asInt()),
            steps.size());
    Series series = new Series();
    try (Adaptation adaptation =
            Methods.of(Lora.continuing(golden.path().resolve("initial")))
                .attach(model.network(), base, 0);
        TrainingStep<MicroBatch> training =
            new TrainingStep<>(this::loss, adaptation, TrainerOptions.settings(options))) {
      for (int step = 0; step < steps.size(); step++) {
        List<MicroBatch> own = new ArrayList<>();
        steps.path(step).path("micro_batches").forEach(at -> own.add(batches.get(at.asInt())));
        TrainingStep.Outcome found = training.run(own, own.size(), rates.rate(step), step);
        series.step(found, steps.path(step), LOSS);
      }
      series.report("steps: ", golden.section());
      logits("logits_final", "logits_final after training", TRAINED_LOGITS);
    }
  }

  private void logits(String tensor, String quantity) {
    logits(tensor, quantity, Tolerances.FP32);
  }

  private void logits(String tensor, String quantity, double tolerance) {
    EncoderDecoder network = model.network();
    try (Scope scope = Scope.open()) {
      Tensor ids = evaluation.targets().targetInputs(network.specialTokens());
      Tensor states =
          network.write(
              Ops.inference(), read(evaluation, Ops.inference(), false), ids, false, null);
      float[] all = network.head().logits(states).toFloats();
      float[] wanted = golden.floats(tensor);
      float[] found = new float[wanted.length];
      int rows = evaluation.targets().rows();
      int last = wanted.length / rows;
      for (int row = 0; row < rows; row++) {
        int end = (row + 1) * (all.length / rows);
        System.arraycopy(all, end - last, found, row * last, last);
      }
      golden.compared(quantity, Deviation.of(found, wanted, tolerance));
    }
  }

  /** Checks a stored adapter: attached, disabled, merged, and detached. */
  private void adapter(String name) {
    String tensor = "logits_" + name;
    try (AttachedAdapter attached =
        AdapterMechanics.of(LoraAdapter.at(golden.path().resolve(name))).attach(model.network())) {
      logits(tensor, tensor);
      attached.enabled(false);
      logits("logits_base", tensor + " with the adapter off");
      attached.enabled(true);
      attached.merge();
      String merged = golden.has(tensor + "_merged") ? tensor + "_merged" : tensor;
      logits(merged, tensor + " merged");
      attached.unmerge();
    }
    logits("logits_base", tensor + " with the adapter taken off");
  }

  private void gradients(Path base, boolean recompute) {
    String suffix = recompute ? " (recompute)" : "";
    EncoderDecoder network = model.network();
    try (Adaptation adaptation =
        Methods.of(Lora.continuing(golden.path().resolve("random"))).attach(network, base, 0)) {
      double loss = loss(evaluation, 1, recompute, 0);
      adaptation.collectGradients();
      golden.compared("loss_random" + suffix, loss, "loss_random");
      Map<String, float[]> found = Networks.gradients(network, adaptation.trained());
      String prefix = "grad_random.";
      for (String name : golden.names(prefix)) {
        String own = name.substring(prefix.length()).replace(".default.", ".");
        golden.compare(
            name + suffix,
            () ->
                Deviation.of(
                    found.get(own), golden.floats(name), Tolerances.FP32, Tolerances.RELATIVE));
      }
    }
  }
}
