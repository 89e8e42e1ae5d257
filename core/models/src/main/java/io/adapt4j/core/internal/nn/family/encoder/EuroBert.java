package io.adapt4j.core.internal.nn.family.encoder;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.nn.Dimensions;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.StoredNames;
import io.adapt4j.core.internal.nn.Transformer;
import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.family.common.Activations;
import io.adapt4j.core.internal.nn.family.common.BuiltInFamily;
import io.adapt4j.core.internal.nn.head.ClassificationHead;
import io.adapt4j.core.internal.nn.head.EncoderHead;
import io.adapt4j.core.internal.nn.head.EncoderTask;
import io.adapt4j.core.internal.nn.head.MaskedLanguageHead;
import io.adapt4j.core.internal.nn.head.Pooling;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.GatedMlp;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.nn.norm.RmsNorm;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** EuroBERT (Boizard et al. 2025): Llama's layers with bidirectional attention. */
public final class EuroBert extends BuiltInFamily {

  private static final StoredNames NAMES =
      StoredNames.of(
          "model.",
          List.of("lm_head\\..*", "dense\\..*", "classifier\\..*", ".*\\.rotary_emb\\.inv_freq"));

  public EuroBert() {
    super("eurobert", new DecoderConfig.Defaults(8192, 1e-5, "silu", false, 10_000));
  }

  @Override
  public Network declare(ModelConfig model) {
    EncoderTask task = EncoderTask.of(model);
    DecoderConfig config = dimensions(model);
    String prefix = task == EncoderTask.FEATURES ? "" : "model.";
    Parameter tokens =
        Parameter.of(prefix + "embed_tokens.weight", config.vocabSize(), config.hiddenSize());
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      layers.add(layer(model, config, prefix + "layers." + i));
    }
    Transformer body =
        new Transformer(
            Embeddings.of(tokens, Embeddings.Scale.NONE),
            List.copyOf(layers),
            norm(config, prefix + "norm"),
            List.of(RotaryFrequencies.of(config)));
    LinearSlot classifier =
        LinearSlot.of("classifier", config.hiddenSize(), true, EncoderTask.classes(model));
    EncoderHead head =
        switch (task) {
          case FEATURES -> new EncoderHead.None();
          case MASKED_TOKENS -> maskedTokens(config, tokens);
          case CLASSES -> classes(model.fields(), config, classifier);
          case TOKEN_CLASSES -> ClassificationHead.ofTokens(classifier);
        };
    Dimensions dimensions =
        new Dimensions(
            config.hiddenSize(), config.layers(), config.vocabSize(), config.contextLength());
    return new Encoder(model, dimensions, NAMES, body, head, OptionalInt.empty());
  }

  private static Norm norm(DecoderConfig config, String path) {
    return RmsNorm.declare(path, config.hiddenSize(), 0, config.rmsNormEps());
  }

  private static Layer layer(ModelConfig model, DecoderConfig config, String path) {
    Heads heads = Heads.grouped(config.heads(), config.kvHeads(), config.headDim());
    long in = config.hiddenSize();
    long kv = heads.keyValueWidth();
    boolean bias = config.attentionBias();
    String own = path + ".self_attn";
    Attention attention =
        new Attention(
            LinearSlot.of(
                own, in, bias, List.of("q_proj", "k_proj", "v_proj"), heads.queryWidth(), kv, kv),
            LinearSlot.of(own + ".o_proj", heads.queryWidth(), bias, in),
            heads,
            null,
            0,
            AttentionRule.bothWays(heads.dim(), 0));
    long inner = config.intermediateSize();
    String mlp = path + ".mlp";
    boolean mlpBias = config.mlpBias();
    return SequentialLayer.preNorm(
        norm(config, path + ".input_layernorm"),
        attention,
        norm(config, path + ".post_attention_layernorm"),
        new GatedMlp(
            LinearSlot.of(mlp, in, mlpBias, List.of("gate_proj", "up_proj"), inner, inner),
            LinearSlot.of(mlp + ".down_proj", inner, mlpBias, in),
            Activations.named(model, "hidden_act", config.hiddenActivation())));
  }

  /** Declares the head for masked tokens: an output matrix, with a bias where MLPs have them. */
  private static EncoderHead maskedTokens(DecoderConfig config, Parameter tokens) {
    Parameter weight =
        config.tieWordEmbeddings()
            ? tokens
            : Parameter.of("lm_head.weight", config.vocabSize(), config.hiddenSize());
    Parameter bias = config.mlpBias() ? Parameter.of("lm_head.bias", config.vocabSize()) : null;
    return new MaskedLanguageHead(new VocabularyHead(weight, bias, 1, 0));
  }

  private static EncoderHead classes(
      ConfigReader fields, DecoderConfig config, LinearSlot classifier) {
    String field = fields.has("clf_pooling") ? "clf_pooling" : "classifier_pooling";
    String named = fields.optionalText(field).orElse("late");
    Pooling pooling =
        switch (named) {
          case "bos" -> Pooling.FIRST;
          case "mean", "late" -> Pooling.MEAN;
          default -> throw fields.invalid(field, "bos, mean or late", "Correct the value.");
        };
    // The mean of the tokens' logits is the logits of the mean.
    return new ClassificationHead(
        Optional.of(pooling),
        Optional.of(
            new ClassificationHead.Transform(
                LinearSlot.of("dense", config.hiddenSize(), true, config.hiddenSize()),
                Activation.GELU,
                Norm.NONE,
                named.equals("late"))),
        classifier,
        OptionalInt.empty());
  }
}
