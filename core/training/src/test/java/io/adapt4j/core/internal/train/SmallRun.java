package io.adapt4j.core.internal.train;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.data.Batches;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.regularize.PenaltyRun;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.Optional;

/** The small model with everything trained, and what a penalty needs of it. */
public final class SmallRun implements AutoCloseable {

  final Path base;
  final Tokenizer tokenizer;
  public final Decoder decoder;
  public final Adaptation adaptation;
  final ExampleEncoder encoder;

  public SmallRun(Path base) {
    this.base = base;
    tokenizer = Tokenizer.load(base);
    decoder = Architectures.declareDecoder(ModelConfig.read(base));
    try (Checkpoint checkpoint = Checkpoint.open(base)) {
      decoder.allocate(DType.F32);
      Weights.load(decoder, checkpoint);
    }
    adaptation = Methods.of(FullFineTuning.create()).attach(decoder, base, 0);
    encoder = ExampleEncoder.builder(tokenizer, SmallModel.CONTEXT).build();
  }

  public PenaltyRun run(Optional<Path> output) {
    return new PenaltyRun(decoder, adaptation, base, encoder, output, 4, false, 1);
  }

  public Batches batches(Dataset data, int batchSize) {
    return Batches.of(encoder.filter(data)).batchSize(batchSize).build();
  }

  @Override
  public void close() {
    adaptation.close();
    decoder.close();
    tokenizer.close();
  }
}
