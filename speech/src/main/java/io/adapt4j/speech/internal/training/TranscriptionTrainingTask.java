package io.adapt4j.speech.internal.training;

import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.SequenceInputs;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.nn.loss.SequenceLoss;
import io.adapt4j.core.internal.nn.sequence.SequenceSource;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.train.BestModelMetric;
import io.adapt4j.core.internal.train.Evaluation;
import io.adapt4j.core.internal.train.TrainingTask;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.speech.internal.audio.MelSettings;
import io.adapt4j.speech.internal.audio.Resampled;
import io.adapt4j.speech.internal.audio.Samples;
import io.adapt4j.speech.internal.audio.Spectrogram;
import io.adapt4j.speech.internal.whisper.SpeechTokens;
import io.adapt4j.speech.internal.whisper.WindowWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/** Training of a model to write down recordings. */
@SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
record TranscriptionTrainingTask(
    EncoderDecoder network,
    MelSettings features,
    SpeechTokens tokens,
    int[] prompt,
    Tokenizer tokenizer,
    Optional<TranscriptErrors.Scoring> scoring,
    BestModelMetric selection)
    implements TrainingTask<RecordingBatch> {

  /** Token budget of a text: this multiple of its reference's, plus {@link #MORE}. */
  private static final int TIMES = 2;

  private static final int MORE = 16;

  @Override
  public double forwardBackward(RecordingBatch batch, double scale, boolean recompute, long seed) {
    return SequenceLoss.forwardBackward(
        network,
        (ops, again) -> read(ops, batch, again),
        batch.targets(),
        0,
        scale,
        recompute,
        seed);
  }

  /** Runs the encoder over the recordings of a batch. */
  private SequenceSource read(Ops ops, RecordingBatch batch, boolean recompute) {
    Tensor all = features(batch.audios());
    return network.read(ops, all, network.encoder().positions().limit(), recompute, null);
  }

  private Tensor features(List<String> audios) {
    try (Scope scope = Scope.open(network.engine())) {
      List<Tensor> windows = new ArrayList<>();
      for (String audio : audios) {
        try (Samples samples = Resampled.at(features.rate(), RecordingEncoder.open(audio))) {
          windows.add(new Spectrogram(samples, features, network.engine()).window(0));
        }
      }
      return scope.keep(Tensor.concatenated(windows, 0).copyAs(network.type()));
    }
  }

  @Override
  public boolean isTokenLoss() {
    return true;
  }

  @Override
  public double evaluate(RecordingBatch batch) {
    return SequenceLoss.evaluate(network, (ops, again) -> read(ops, batch, again), batch.targets());
  }

  @Override
  public Evaluation<RecordingBatch> evaluation() {
    if (scoring.isEmpty()) {
      return this::evaluate;
    }
    TranscriptErrors errors = scoring.get().start();
    return Evaluation.of(batch -> evaluate(batch, errors), errors::metrics);
  }

  private double evaluate(RecordingBatch batch, TranscriptErrors errors) {
    try (Scope scope = Scope.open(network.engine())) {
      SequenceSource source = read(Ops.inference(), batch, false);
      WindowWriter writer = new WindowWriter(network, tokens);
      for (int row = 0; row < batch.targets().rows(); row++) {
        int[] reference = labels(batch.targets(), row);
        int room = network.targetLimit() - prompt.length;
        int[] written =
            writer
                .write(
                    new SequenceSource(
                        source.states().narrow(0, row, 1), source.mask().narrow(0, row, 1)),
                    prompt,
                    /* timestamps= */ false,
                    Math.min(TIMES * reference.length + MORE, room),
                    /* temperature= */ 0,
                    new SplittableRandom(0),
                    () -> false)
                .ids();
        errors.add(tokenizer.decode(written, true), tokenizer.decode(reference, true));
      }
      return SequenceLoss.evaluate(network, (ops, again) -> source, batch.targets());
    }
  }

  private static int[] labels(SequenceInputs inputs, int row) {
    int width = inputs.targetLength();
    return Arrays.stream(inputs.labels(), row * width, (row + 1) * width)
        .filter(label -> label != TargetRows.IGNORED)
        .mapToInt(Math::toIntExact)
        .toArray();
  }

  @Override
  public long targets(RecordingBatch batch) {
    return batch.targets().targets();
  }

  @Override
  public double weight(RecordingBatch batch) {
    return batch.targets().targetWeight();
  }

  @Override
  public long tokens(RecordingBatch batch) {
    return targets(batch);
  }
}
