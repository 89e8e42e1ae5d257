package io.adapt4j.core.internal.nn.family.common;

import io.adapt4j.core.internal.checkpoint.ExpertStacks;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.ClampedMlp;
import io.adapt4j.core.internal.nn.mlp.ExpertMlp;
import io.adapt4j.core.internal.nn.mlp.GatedMlp;
import io.adapt4j.core.internal.nn.mlp.Mlp;
import io.adapt4j.core.internal.nn.mlp.Router;
import io.adapt4j.core.internal.nn.mlp.RouterBalance;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.ExpertOps;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Builder of mixtures of experts. A family states only its differences. */
public final class Experts {

  /** Names of an expert's projections. */
  record Names(String gate, String up, String down) {
    static final Names USUAL = new Names("gate_proj", "up_proj", "down_proj");
  }

  private final int hidden;
  private final int width;
  private final int count;
  private final boolean stacked;
  private boolean turned;
  private final ExpertOps.Rule rule;
  private final RouterBalance balance;
  private Activation activation;
  private Names names = Names.USUAL;
  private boolean bias;
  private @Nullable String correction;
  private long[] correctionSizes = {};

  private Experts(ModelConfig model, int width, int count, ExpertOps.Rule rule, double balance) {
    this.hidden = model.fields().requirePositiveInt("hidden_size");
    this.width = width;
    this.count = count;
    this.stacked = model.hasStackedExperts();
    this.rule = rule;
    this.balance = new RouterBalance(count, rule.chosen(), balance);
    this.activation = Activations.read(model, "hidden_act", "silu");
  }

  /** Reads the fields of a configuration. */
  public static Experts read(
      ModelConfig model, String width, String count, boolean normalized, double balance) {
    int chosen = chosen(model, "num_experts_per_tok", count);
    return read(model, width, count, ExpertOps.Rule.softmax(chosen, normalized), balance);
  }

  /** Reads the fields of a configuration, with a routing rule. */
  public static Experts read(
      ModelConfig model, String width, String count, ExpertOps.Rule rule, double balance) {
    ConfigReader fields = model.fields();
    boolean balanced = fields.bool("output_router_logits", false);
    return new Experts(
        model,
        fields.requirePositiveInt(width),
        fields.requirePositiveInt(count),
        rule,
        balanced ? fields.optionalNumber("router_aux_loss_coef").orElse(balance) : 0);
  }

  /** Declares experts of a width, chosen by softmax, with weights that sum to 1. */
  public static Experts softmax(ModelConfig model, int width, String count, int chosen) {
    int experts = model.fields().requirePositiveInt(count);
    return new Experts(model, width, experts, ExpertOps.Rule.softmax(chosen, true), 0);
  }

  /** Declares experts of a width and a number, with a routing rule. */
  public static Experts of(ModelConfig model, int width, int count, ExpertOps.Rule rule) {
    return new Experts(model, width, count, rule, 0);
  }

  /** Reads the number of experts per token. */
  public static int chosen(ModelConfig model, String chosen, String count) {
    ConfigReader fields = model.fields();
    int found = fields.requirePositiveInt(chosen);
    int experts = fields.requirePositiveInt(count);
    if (found > experts) {
      throw fields.invalid(chosen, "at most " + count + " " + experts, "Correct one of the two.");
    }
    return found;
  }

  /**
   * Returns whether a layer is a mixture, according to {@code mlp_layer_types}, which families of
   * Transformers 5 may have instead of their own fields.
   */
  public static boolean isSparse(ConfigReader fields, int layer, boolean otherwise) {
    List<String> types = fields.texts("mlp_layer_types");
    if (types.isEmpty()) {
      return otherwise;
    }
    int layers = fields.requirePositiveInt("num_hidden_layers");
    if (types.size() != layers || !Set.of("sparse", "dense").containsAll(types)) {
      throw fields.invalid(
          "mlp_layer_types", layers + " entries, each sparse or dense", "No others are known.");
    }
    return layer < layers ? types.get(layer).equals("sparse") : otherwise;
  }

  /** Sets other names than {@link Names#USUAL}. */
  public Experts names(String gate, String up, String down) {
    names = new Names(gate, up, down);
    return this;
  }

  /** Sets whether stacks hold matrices as [in, out]. */
  public Experts turned(boolean stored) {
    turned = stored;
    return this;
  }

  /** Sets another activation than {@code hidden_act}. */
  public Experts activation(Activation own) {
    activation = own;
    return this;
  }

  /** Sets whether all projections of the experts have biases. */
  public Experts bias(boolean present) {
    bias = present;
    return this;
  }

  /** Sets a bias correction of the scores, at a path below the mixture's. */
  public Experts correction(String path, long... sizes) {
    correction = path;
    correctionSizes = sizes;
    return this;
  }

  /** Returns the number of experts. */
  public int count() {
    return count;
  }

  /** Returns the inner width of an expert. */
  public int width() {
    return width;
  }

  /** Declares the mixture at a path, with or without a shared expert. */
  public ExpertMlp declare(String path, ExpertMlp.@Nullable Shared shared) {
    return declare(path, path + ".gate", shared);
  }

  /** Declares an expert with separate tensors, or as part of stacks. */
  public Mlp routed(String owner, int expert) {
    return stacked ? stacked(owner, expert) : expert(owner + "." + expert, width);
  }

  /** Declares the mixture with a given router. */
  public ExpertMlp declare(String path, String router, ExpertMlp.@Nullable Shared shared) {
    String experts = path + ".experts";
    return declare(path, router, false, expert -> routed(experts, expert), shared);
  }

  /** Declares the mixture with a given router and kind of experts. */
  public ExpertMlp declare(
      String path,
      String router,
      boolean routerBias,
      IntFunction<Mlp> expert,
      ExpertMlp.@Nullable Shared shared) {
    List<Mlp> experts = IntStream.range(0, count).mapToObj(expert).toList();
    Parameter added =
        correction == null ? null : Parameter.of(path + "." + correction, correctionSizes);
    LinearSlot scores = LinearSlot.of(router, hidden, routerBias, count);
    return new ExpertMlp(new Router(scores, added, rule, balance), experts, shared);
  }

  /** Declares an expert with separate tensors. */
  public Mlp expert(String path, int inner) {
    return new GatedMlp(
        LinearSlot.of(path, hidden, bias, List.of(names.gate(), names.up()), inner, inner),
        LinearSlot.of(path + "." + names.down(), inner, bias, hidden),
        activation);
  }

  /** Declares an expert whose weights are part of stacks. */
  public Mlp stacked(String owner, int expert) {
    String down = ExpertStacks.path(owner, expert, "down_proj");
    return new GatedMlp(
        LinearSlot.of(
            ExpertStacks.path(owner, expert, "gate_up_proj"), hidden, bias, 2L * width, turned),
        LinearSlot.of(down, width, bias, hidden, turned),
        activation);
  }

  /** Declares an expert with gate and up in one tensor. */
  public Mlp fused(String gateUp, String down, int inner) {
    return new GatedMlp(
        LinearSlot.of(gateUp, hidden, bias, 2L * inner),
        LinearSlot.of(down, inner, bias, hidden),
        activation);
  }

  /** Declares an MLP with gate and up in one tensor, for a model without experts. */
  public static Mlp fused(ModelConfig model, String gateUp, String down, int inner) {
    int hidden = model.fields().requirePositiveInt("hidden_size");
    return new GatedMlp(
        LinearSlot.of(gateUp, hidden, false, 2L * inner),
        LinearSlot.of(down, inner, false, hidden),
        Activations.read(model, "hidden_act", "silu"));
  }

  /**
   * Declares an expert whose weights are part of stacks [experts, in, out], with clamped
   * activations.
   */
  public Mlp clamped(String owner, int expert, double alpha, double limit, boolean halves) {
    return new ClampedMlp(
        LinearSlot.of(
            ExpertStacks.path(owner, expert, "gate_up_proj"), hidden, true, 2L * width, true),
        LinearSlot.of(ExpertStacks.path(owner, expert, "down_proj"), width, true, hidden, true),
        alpha,
        limit,
        halves);
  }

  /** Declares a shared expert with a gate. */
  public ExpertMlp.Shared gatedShared(String path, int inner, String gate) {
    return new ExpertMlp.Shared(expert(path, inner), LinearSlot.of(gate, hidden, false, 1));
  }

  /** Declares shared experts as one of their joined width; null for none. */
  public ExpertMlp.@Nullable Shared shared(String path, int count) {
    return count == 0 ? null : shared(expert(path + ".shared_experts", count * width));
  }

  /** Declares a shared expert without a gate. */
  public ExpertMlp.Shared shared(Mlp mlp) {
    return new ExpertMlp.Shared(mlp, null);
  }
}
