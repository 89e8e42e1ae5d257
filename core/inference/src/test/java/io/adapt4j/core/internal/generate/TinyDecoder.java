package io.adapt4j.core.internal.generate;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.FamilyFolder;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;

/** A checkpoint of resources/families in fp32, which takes ids and never ends by itself. */
record TinyDecoder(LoadedModel model, Generator generator) implements AutoCloseable {

  static final int VOCABULARY = 40;

  static TinyDecoder of(String name) {
    Path path;
    try (FamilyFolder folder = FamilyFolder.open(name)) {
      path = folder.path();
    }
    LoadedModel model = LoadedModel.load(path, Precision.FP32, WeightFormat.asStored(), List.of());
    return new TinyDecoder(model, new Generator(model.decoder(), Optional.empty(), Set.of()));
  }

  /** The first tokens of a sequence that is always the same. */
  static int[] ids(int count) {
    return new SplittableRandom(5).ints(count, 3, VOCABULARY - 1).toArray();
  }

  Decoder decoder() {
    return model.decoder();
  }

  /** Reads all of the prompt. */
  Generation generate(int[] prompt, GenerationOptions options) {
    return generator.generate(List.of(prompt), options).get(0);
  }

  Generation generate(int[] prompt, PromptCache prompts, GenerationOptions options) {
    return generator.generate(prompt, prompts, options, text -> {}, new CancellationToken());
  }

  @Override
  public void close() {
    model.close();
  }
}
