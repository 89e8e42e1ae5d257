package io.adapt4j.verification.golden.speech;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.SequenceInputs;
import io.adapt4j.core.internal.nn.loss.SequenceLoss;
import io.adapt4j.core.internal.nn.sequence.SequenceSource;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import io.adapt4j.speech.internal.whisper.WhisperModel;
import io.adapt4j.verification.internal.AdapterCourse;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** Checks LoRA on models that listen to recordings: logits, and the loss with its gradients. */
public final class SpeechLoraCheck implements AdapterCourse.Reader<SpeechLoraCheck.MicroBatch> {

  /** Folders of such adapters. */
  public static final Kind KIND =
      new Kind(
          "adapters on speech",
          source ->
              source.file(AdapterCourse.OPTIONS).path("task").asText().equals("speech_seq2seq")
                  && source.json().has("steps"),
          (source, section) -> {
            try (GoldenFolder golden = GoldenFolder.open(source.path(), section)) {
              run(golden);
            }
          });

  private final WhisperModel model;

  /** Features of recordings, and their targets. */
  record MicroBatch(Tensor features, SequenceInputs targets) {}

  private SpeechLoraCheck(WhisperModel model) {
    this.model = model;
  }

  private static void run(GoldenFolder golden) {
    JsonNode options = GoldenFolder.json(golden.path(), AdapterCourse.OPTIONS);
    Path base = AdapterCourse.requireSupported(golden.path(), options);
    try (WhisperModel model = load(base);
        Scope scope = Scope.open();
        Checkpoint stored = Checkpoint.openFile(golden.path().resolve("batches.safetensors"))) {
      SpeechLoraCheck check = new SpeechLoraCheck(model);
      List<MicroBatch> batches = new ArrayList<>();
      for (int i = 0; stored.names().contains(i + ".labels"); i++) {
        batches.add(check.batch(stored, i + "."));
      }
      new AdapterCourse<>(golden, options, base, check, batches).run();
    }
  }

  private static WhisperModel load(Path folder) {
    return WhisperModel.load(folder, Precision.FP32, WeightFormat.asStored(), List.of());
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

  private SequenceSource read(MicroBatch batch, Ops ops, boolean recompute) {
    int length = network().encoder().positions().limit();
    return network().read(ops, batch.features(), length, recompute, null);
  }

  @Override
  public EncoderDecoder network() {
    return model.network();
  }

  /** Returns the mean loss of a batch, and accumulates the gradients of a multiple of it. */
  @Override
  public double forwardBackward(MicroBatch batch, double scale, boolean recompute, long seed) {
    int count = batch.targets().targets();
    return SequenceLoss.forwardBackward(
            network(),
            (ops, again) -> read(batch, ops, again),
            batch.targets(),
            0,
            scale / count,
            recompute,
            seed)
        / count;
  }

  /** Each step's loss is the mean of its micro-batches' means. */
  @Override
  public double weight(MicroBatch batch) {
    return 1;
  }

  @Override
  public float[] logits(MicroBatch batch) {
    try (Scope scope = Scope.open()) {
      Tensor ids = batch.targets().targetInputs(network().specialTokens());
      Tensor states =
          network().write(Ops.inference(), read(batch, Ops.inference(), false), ids, false, null);
      return network().head().logits(states).toFloats();
    }
  }

  @Override
  public float[] logits(Path other, MicroBatch batch) {
    try (WhisperModel loaded = load(other)) {
      return new SpeechLoraCheck(loaded).logits(batch);
    }
  }

  @Override
  public List<long[]> masks(MicroBatch batch) {
    long[] all = new long[batch.targets().labels().length / batch.targets().rows()];
    Arrays.fill(all, 1);
    return Collections.nCopies(batch.targets().rows(), all);
  }
}
