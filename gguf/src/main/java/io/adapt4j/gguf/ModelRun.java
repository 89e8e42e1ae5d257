package io.adapt4j.gguf;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.generate.Generator;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A loaded model in fp32. */
final class ModelRun implements AutoCloseable {

  private final LoadedModel model;
  private final Generator generator;

  private ModelRun(LoadedModel model) {
    this.model = model;
    LoadedModel.SpecialIds special = model.specialIds();
    this.generator = new Generator(model.decoder(), model.tokenizer(), special.end());
  }

  static ModelRun load(Path folder, Optional<AdapterMechanics> adapter) {
    return new ModelRun(
        LoadedModel.load(
            folder, Precision.FP32, WeightFormat.asStored(), adapter.stream().toList()));
  }

  Tokenizer tokenizer() {
    return model.requireTokenizer();
  }

  /** Returns an encoder of rows, as in training. */
  ExampleEncoder encoder(int maxTokens) {
    ExampleEncoder.Builder encoder =
        ExampleEncoder.builder(tokenizer(), Math.min(maxTokens, contextLength()))
            .overflow(Overflow.TRUNCATE_RIGHT)
            .appendEos(false);
    ChatTemplate.find(model.folder())
        .map(template -> template.withSpecialTokensOf(model.folder()))
        .ifPresent(encoder::chatTemplate);
    return encoder.build();
  }

  int[] promptIds(String text) {
    return model.promptIds(text);
  }

  int contextLength() {
    return model.decoder().contextLength();
  }

  /** Returns the final hidden states of a text; closed by the caller. */
  Tensor hidden(int[] ids) {
    Decoder decoder = model.decoder();
    long[] mask = new long[ids.length];
    Arrays.fill(mask, 1);
    try (Positions positions = decoder.positions(mask, 1, ids.length);
        Tensor tokens = Tensor.of(Arrays.stream(ids).asLongStream().toArray(), 1, ids.length);
        Scope scope = Scope.open()) {
      return decoder.hidden(Ops.inference(), tokens, positions, false).own();
    }
  }

  /** Returns the logits of some positions, row by row. */
  float[] logits(Tensor hidden, int first, int count) {
    try (Scope scope = Scope.open()) {
      return model.decoder().logits(hidden.narrow(1, first, count)).toFloats();
    }
  }

  int[] generate(int[] prompt, int tokens) {
    GenerationOptions options =
        GenerationOptions.builder().maxNewTokens(tokens).temperature(0).ignoreEos(true).build();
    Generation generation = generator.generate(List.of(prompt), options).get(0);
    return generation.tokenIds().stream().mapToInt(Integer::intValue).toArray();
  }

  @Override
  public void close() {
    model.close();
  }
}
