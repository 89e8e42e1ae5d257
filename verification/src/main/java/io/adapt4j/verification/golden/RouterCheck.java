package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.mlp.RouterBalance;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenException;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.Gradients;
import io.adapt4j.verification.internal.Networks;
import io.adapt4j.verification.internal.Tolerances;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Checks the routing of a mixture of experts, and the load-balancing loss. */
final class RouterCheck {

  private static final String CHOICES = "router.";
  private static final String GRADIENTS = "grad_with_aux.";

  /** Scores closer than this may be ordered either way by rounding. */
  private static final double CLOSE = 1e-4;

  private final GoldenFolder golden;
  private final Batch batch;

  private RouterCheck(GoldenFolder golden) {
    this.golden = golden;
    this.batch = golden.batch("", "");
  }

  static void run(GoldenFolder golden) {
    List<String> choices = golden.names(CHOICES);
    if (choices.isEmpty()) {
      return;
    }
    RouterCheck check = new RouterCheck(golden);
    golden.attempt("router choices", () -> check.choices(choices));
    if (golden.has("aux_loss")) {
      golden.attempt("aux_loss", check::balance);
    }
  }

  private void choices(List<String> names) {
    List<long[]> found = new ArrayList<>();
    try (Network network = Networks.load(golden.path(), DType.F32)) {
      RouterBalance balance = network.routerBalance().orElseThrow();
      balance.listen(found::add);
      Networks.logits(network, batch);
      balance.listen(null);
    }
    List<String> sorted =
        names.stream().sorted((a, b) -> Integer.compare(layer(a), layer(b))).toList();
    if (found.size() != sorted.size()) {
      throw new GoldenException("expected " + sorted.size() + " routers, found " + found.size());
    }
    for (int i = 0; i < found.size(); i++) {
      int layer = layer(sorted.get(i));
      long other = different(found.get(i), golden.longs(sorted.get(i)), scores(layer));
      golden.compared(sorted.get(i), Deviation.of((double) other, 0, 0));
    }
  }

  private static int layer(String name) {
    return Integer.parseInt(name.substring(CHOICES.length()));
  }

  private float[] scores(int layer) {
    String name = "router_scores." + layer;
    return golden.has(name) ? golden.floats(name) : new float[0];
  }

  /** Returns the number of tokens routed differently although their scores are well separated. */
  private long different(long[] found, long[] wanted, float[] scores) {
    int tokens = batch.ids().length;
    int k = wanted.length / tokens;
    long different = 0;
    for (int token = 0; token < tokens; token++) {
      long[] own = sorted(found, token, k);
      long[] expected = sorted(wanted, token, k);
      if (batch.attentionMask()[token] == 1
          && !Arrays.equals(own, expected)
          && !isClose(scores, token, tokens, k)) {
        different++;
      }
    }
    return different;
  }

  private static long[] sorted(long[] all, int token, int k) {
    long[] own = Arrays.copyOfRange(all, token * k, (token + 1) * k);
    Arrays.sort(own);
    return own;
  }

  private static boolean isClose(float[] scores, int token, int tokens, int k) {
    if (scores.length == 0) {
      return false;
    }
    int experts = scores.length / tokens;
    float[] own = Arrays.copyOfRange(scores, token * experts, (token + 1) * experts);
    Arrays.sort(own);
    return k < experts && own[experts - k] - own[experts - k - 1] < CLOSE;
  }

  private void balance() {
    double wanted =
        golden.json().path("aux_loss_from_router_logits").asDouble(golden.floats("aux_loss")[0]);
    try (Network network = Networks.load(golden.path(), DType.F32, RouterCheck::alone)) {
      network.parameters().forEach(Parameter::train);
      double found = Networks.forwardBackward(network, batch, true) - golden.floats("loss")[0];
      golden.compared("aux_loss", Deviation.of(found, wanted, Tolerances.FP32));
    }
    try (Network network = Networks.load(golden.path(), DType.F32, RouterCheck::balanced)) {
      double coefficient = network.routerBalance().orElseThrow().coefficient();
      network.parameters().forEach(Parameter::train);
      double plain = golden.floats("loss")[0];
      double found = Networks.forwardBackward(network, batch, false);
      golden.compared(
          "loss_with_aux", Deviation.of(found, plain + coefficient * wanted, Tolerances.FP32));
      if (golden.json().has("aux_loss_from_router_logits")) {
        // The gradients of this family belong to a loss over other scores.
        return;
      }
      Map<String, float[]> gradients = Networks.gradients(network);
      Gradients.compare(golden, GRADIENTS, gradients, "%s");
    }
  }

  /** Returns a configuration whose load-balancing loss has weight 1. */
  private static ModelConfig alone(ModelConfig config) {
    return balanced(config).with("router_aux_loss_coef", IntNode.valueOf(1));
  }

  private static ModelConfig balanced(ModelConfig config) {
    return config.with("output_router_logits", BooleanNode.TRUE);
  }
}
