package io.adapt4j.core.train;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.checkpoint.Checkpoint;
import io.adapt4j.core.config.ModelConfig;
import io.adapt4j.core.data.Batches;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.ExampleEncoder;
import io.adapt4j.core.engine.DType;
import io.adapt4j.core.model.Architectures;
import io.adapt4j.core.model.Decoder;
import io.adapt4j.core.model.Weights;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.Optional;

/** The small model with everything trained, and what a penalty needs of it. */
final class SmallRun implements AutoCloseable {

  final Path base;
  final Tokenizer tokenizer;
  final Decoder decoder;
  final Adaptation adaptation;
  final ExampleEncoder encoder;

  SmallRun(Path base) {
    this.base = base;
    tokenizer = Tokenizer.load(base);
    decoder = Architectures.declareDecoder(ModelConfig.read(base));
    try (Checkpoint checkpoint = Checkpoint.open(base)) {
      decoder.allocate(DType.F32);
      Weights.load(decoder, checkpoint);
    }
    adaptation = FullFineTuning.create().attach(decoder, base, 0);
    encoder = ExampleEncoder.builder(tokenizer, SmallModel.CONTEXT).build();
  }

  Regularisation.Run run(Optional<Path> output) {
    return new Regularisation.Run(decoder, adaptation, base, encoder, output, 4, false, 1);
  }

  Batches batches(Dataset data, int batchSize) {
    return Batches.of(data, encoder).batchSize(batchSize).build();
  }

  @Override
  public void close() {
    adaptation.close();
    decoder.close();
    tokenizer.close();
  }
}
