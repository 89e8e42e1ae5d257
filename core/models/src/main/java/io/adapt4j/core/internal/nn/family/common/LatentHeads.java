package io.adapt4j.core.internal.nn.family.common;

import com.fasterxml.jackson.databind.node.IntNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.core.internal.nn.attention.EarlierChoice;
import io.adapt4j.core.internal.nn.attention.LatentAttention;
import io.adapt4j.core.internal.nn.attention.TokenChoice;
import io.adapt4j.core.internal.nn.attention.TokenIndex;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.nn.norm.RmsNorm;
import io.adapt4j.core.internal.tensor.op.AttentionRule;
import org.jspecify.annotations.Nullable;

/**
 * Builder of multi-head latent attention from the fields of a configuration.
 *
 * @param queryRank width between the two projections of queries; 0 for a single projection
 * @param index indexer of the tokens that each one reads, or null
 */
public record LatentHeads(
    DecoderConfig config,
    LatentAttention.Widths widths,
    int queryRank,
    double queryScale,
    double latentScale,
    @Nullable Index index) {

  private static final String ROTATED = "qk_rope_head_dim";
  private static final String QUERY_RANK = "q_lora_rank";
  private static final String VALUE = "v_head_dim";

  /** Epsilon of the norms between two projections, which is no field. */
  private static final double EPSILON = 1e-6;

  /** A family's defaults for absent fields. */
  public record Defaults(int queryRank, int rank, int plain, int value) {

    /** Defaults of DeepSeek. */
    public static final Defaults DEEPSEEK = new Defaults(1536, 512, 128, 128);
  }

  /** Returns a configuration whose width of heads is that of their rotated part. */
  public static ModelConfig rotatedPart(ModelConfig model, int absent) {
    int rotated = model.fields().positiveInt(ROTATED, absent);
    return model.with("head_dim", IntNode.valueOf(rotated));
  }

  /** Reads the fields of a configuration whose width of heads is that of their rotated part. */
  public static LatentHeads read(
      ConfigReader fields, DecoderConfig config, Defaults absent, boolean pairs) {
    LatentAttention.Widths widths =
        new LatentAttention.Widths(
            config.heads(),
            fields.positiveInt("kv_lora_rank", absent.rank()),
            fields.positiveInt("qk_nope_head_dim", absent.plain()),
            config.headDim(),
            fields.positiveInt(VALUE, absent.value()),
            pairs);
    if (widths.value() > widths.key()) {
      throw fields.invalid(
          VALUE,
          "at most qk_nope_head_dim plus qk_rope_head_dim, " + widths.key(),
          "Wider values are not supported.");
    }
    int queryRank =
        fields.isNull(QUERY_RANK) ? 0 : fields.positiveInt(QUERY_RANK, absent.queryRank());
    return new LatentHeads(config, widths, queryRank, 1, 1, null);
  }

  /** Returns these heads with factors of queries and of the latent vector. */
  public LatentHeads scaled(double queries, double latent) {
    return new LatentHeads(config, widths, queryRank, queries, latent, index);
  }

  /**
   * Indexer of the tokens that each one reads.
   *
   * @param pairs whether adjacent columns are rotated together
   */
  public record Index(int heads, int dim, int chosen, boolean pairs) {}

  /** Returns these heads with an indexer. */
  public LatentHeads indexed(Index own) {
    return new LatentHeads(config, widths, queryRank, queryScale, latentScale, own);
  }

  /** Layers that read the tokens an indexer has chosen. */
  public enum Choosing {
    /** The layer with the indexer. */
    ALONE,
    /** The layer with the indexer and later ones. */
    FOR_LATER,
    /** A layer without an indexer, as the nearest earlier one with one. */
    AS_BEFORE
  }

  private @Nullable TokenChoice declareChoice(String path, Choosing choosing) {
    if (index == null) {
      return null;
    }
    return choosing == Choosing.AS_BEFORE
        ? new EarlierChoice(index.chosen())
        : TokenIndex.declare(
            path,
            config.hiddenSize(),
            queryRank,
            index.heads(),
            index.dim(),
            index.chosen(),
            index.pairs(),
            choosing == Choosing.FOR_LATER);
  }

  /**
   * Returns these heads with factors that give queries and latent vectors the variance of hidden
   * states.
   */
  public LatentHeads normalized() {
    double hidden = config.hiddenSize();
    return scaled(Math.sqrt(hidden / queryRank), Math.sqrt(hidden / widths.rank()));
  }

  /** Declares the attention at a path. */
  public LatentAttention declare(String path) {
    return declare(path, Choosing.ALONE);
  }

  /** Declares the attention of a layer that may share the choice of tokens. */
  public LatentAttention declare(String path, Choosing choosing) {
    long in = config.hiddenSize();
    boolean bias = config.attentionBias();
    long queries = (long) widths.heads() * widths.key();
    long keysAndValues = (long) widths.heads() * (widths.plain() + widths.value());
    boolean single = queryRank == 0;
    return new LatentAttention(
        single ? null : LinearSlot.of(path + ".q_a_proj", in, bias, queryRank),
        single ? Norm.NONE : RmsNorm.declare(path + ".q_a_layernorm", queryRank, 0, EPSILON),
        single
            ? LinearSlot.of(path + ".q_proj", in, false, queries)
            : LinearSlot.of(path + ".q_b_proj", queryRank, false, queries),
        LinearSlot.of(
            path + ".kv_a_proj_with_mqa", in, bias, (long) widths.rank() + widths.rotated()),
        RmsNorm.declare(path + ".kv_a_layernorm", widths.rank(), 0, EPSILON),
        LinearSlot.of(path + ".kv_b_proj", widths.rank(), false, keysAndValues),
        LinearSlot.of(path + ".o_proj", (long) widths.heads() * widths.value(), bias, in),
        widths,
        0,
        new AttentionRule(queryScale * scale(), 0, true, 0),
        latentScale,
        declareChoice(path + ".indexer", choosing));
  }

  /** Returns the scale of scores, which yarn enlarges. */
  private double scale() {
    double scale = 1 / Math.sqrt(widths.key());
    if (config.ropeScaling() instanceof RopeScaling.Yarn yarn && yarn.mscaleAllDim().isPresent()) {
      double factor = yarn.factor().orElse(1);
      double magnitude =
          factor <= 1 ? 1 : 0.1 * yarn.mscaleAllDim().getAsDouble() * Math.log(factor) + 1;
      return scale * magnitude * magnitude;
    }
    return scale;
  }
}
