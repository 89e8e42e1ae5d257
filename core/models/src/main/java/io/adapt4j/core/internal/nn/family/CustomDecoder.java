package io.adapt4j.core.internal.nn.family;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.family.common.LlamaLike;
import io.adapt4j.core.spi.DecoderBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.function.IntUnaryOperator;

/** Builder of a user-defined family's decoder. */
final class CustomDecoder implements DecoderBuilder {

  private final List<Consumer<LlamaLike>> changes = new ArrayList<>();
  private int contextLength = DecoderConfig.Defaults.LLAMA.maxPositionEmbeddings();
  private double normEpsilon = DecoderConfig.Defaults.LLAMA.rmsNormEps();
  private String activation = DecoderConfig.Defaults.LLAMA.hiddenActivation();
  private boolean tied = DecoderConfig.Defaults.LLAMA.tieWordEmbeddings();
  private double rotaryBase = DecoderConfig.Defaults.LLAMA.ropeTheta();
  private OptionalInt headSize = OptionalInt.empty();
  private double localBase;
  private IntPredicate local = layer -> false;
  private IntPredicate unrotated = layer -> false;

  /** Declares the decoder. */
  Decoder declare(ModelConfig model) {
    DecoderConfig config =
        DecoderConfig.from(
            model,
            new DecoderConfig.Defaults(
                contextLength, normEpsilon, activation, tied, rotaryBase, headSize));
    LlamaLike decoder =
        new LlamaLike(model, config)
            .attentionBias(config.attentionBias(), config.attentionBias())
            .mlpBias(config.mlpBias())
            .rotary(rotary(config), this::rotaryOf);
    changes.forEach(change -> change.accept(decoder));
    return decoder.declare();
  }

  private List<RotaryFrequencies> rotary(DecoderConfig config) {
    RotaryFrequencies all = RotaryFrequencies.of(config);
    return localBase == 0
        ? List.of(all)
        : List.of(
            all,
            RotaryFrequencies.of(
                localBase,
                config.rotaryDim(),
                config.maxPositionEmbeddings(),
                new RopeScaling.Default()));
  }

  private int rotaryOf(int layer) {
    return unrotated.test(layer) ? Attention.NO_ROTARY : local.test(layer) ? 1 : 0;
  }

  private DecoderBuilder change(Consumer<LlamaLike> change) {
    changes.add(change);
    return this;
  }

  @Override
  public DecoderBuilder defaultContextLength(int tokens) {
    require("defaultContextLength", tokens, tokens > 0, "at least 1");
    contextLength = tokens;
    return this;
  }

  @Override
  public DecoderBuilder defaultNormEpsilon(double eps) {
    requirePositive("defaultNormEpsilon", eps);
    normEpsilon = eps;
    return this;
  }

  @Override
  public DecoderBuilder defaultActivation(String name) {
    activation = name;
    return this;
  }

  @Override
  public DecoderBuilder defaultTiedEmbeddings(boolean areTied) {
    tied = areTied;
    return this;
  }

  @Override
  public DecoderBuilder defaultRotaryBase(double base) {
    requirePositive("defaultRotaryBase", base);
    rotaryBase = base;
    return this;
  }

  @Override
  public DecoderBuilder defaultHeadSize(int width) {
    require("defaultHeadSize", width, width > 0 && width % 2 == 0, "an even number above 0");
    headSize = OptionalInt.of(width);
    return this;
  }

  @Override
  public DecoderBuilder attentionBias(boolean queryKeyValue, boolean output) {
    return change(decoder -> decoder.attentionBias(queryKeyValue, output));
  }

  @Override
  public DecoderBuilder mlpBias(boolean bias) {
    return change(decoder -> decoder.mlpBias(bias));
  }

  @Override
  public DecoderBuilder fusedProjections() {
    return change(decoder -> decoder.fusedProjections());
  }

  @Override
  public DecoderBuilder norms(Norms where) {
    LlamaLike.NormPlacement placement =
        switch (where) {
          case BEFORE -> LlamaLike.NormPlacement.BEFORE;
          case BEFORE_AND_AFTER -> LlamaLike.NormPlacement.BEFORE_AND_AFTER;
          case AFTER -> LlamaLike.NormPlacement.AFTER;
        };
    return change(decoder -> decoder.norms(placement));
  }

  @Override
  public DecoderBuilder normOffset(double offset) {
    require("normOffset", offset, Double.isFinite(offset), "a finite number");
    return change(decoder -> decoder.normOffset(offset));
  }

  @Override
  public DecoderBuilder queryKeyNorms(QueryKeyNorms kind) {
    LlamaLike.QueryKeyNorms norms =
        switch (kind) {
          case NONE -> LlamaLike.QueryKeyNorms.NONE;
          case PER_HEAD -> LlamaLike.QueryKeyNorms.PER_HEAD;
          case FULL_WIDTH -> LlamaLike.QueryKeyNorms.FULL_WIDTH;
        };
    return change(decoder -> decoder.queryKeyNorms(norms));
  }

  @Override
  public DecoderBuilder embeddingScale(double factor) {
    requirePositive("embeddingScale", factor);
    return change(decoder -> decoder.embeddingScale(new Embeddings.Scale(factor, false)));
  }

  @Override
  public DecoderBuilder attentionScale(double factor) {
    requirePositive("attentionScale", factor);
    return change(decoder -> decoder.attentionScale(factor));
  }

  @Override
  public DecoderBuilder residualScale(double factor) {
    requirePositive("residualScale", factor);
    return change(decoder -> decoder.residualScale(factor));
  }

  @Override
  public DecoderBuilder logitScale(double factor) {
    requirePositive("logitScale", factor);
    return change(decoder -> decoder.logitScale(factor));
  }

  @Override
  public DecoderBuilder attentionSoftCap(double cap) {
    requireNotNegative("attentionSoftCap", cap);
    return change(decoder -> decoder.attentionSoftCap(cap));
  }

  @Override
  public DecoderBuilder logitSoftCap(double cap) {
    requireNotNegative("logitSoftCap", cap);
    return change(decoder -> decoder.logitSoftCap(cap));
  }

  @Override
  public DecoderBuilder window(IntUnaryOperator tokens) {
    return change(decoder -> decoder.window(layer -> window(tokens, layer)));
  }

  private static long window(IntUnaryOperator tokens, int layer) {
    int size = tokens.applyAsInt(layer);
    require("window of layer " + layer, size, size >= 0, "at least 0");
    return size;
  }

  @Override
  public DecoderBuilder localRotaryBase(double base, IntPredicate layers) {
    requirePositive("localRotaryBase", base);
    localBase = base;
    local = layers;
    return this;
  }

  @Override
  public DecoderBuilder withoutRotary(IntPredicate layers) {
    unrotated = layers;
    return this;
  }

  private static void requirePositive(String method, double value) {
    require(method, value, value > 0 && Double.isFinite(value), "a finite number above 0");
  }

  private static void requireNotNegative(String method, double value) {
    require(method, value, value >= 0 && Double.isFinite(value), "a finite number of at least 0");
  }

  private static void require(String method, Number value, boolean right, String expected) {
    if (!right) {
      throw new IllegalArgumentException(method + ": expected " + expected + ", found " + value);
    }
  }
}
