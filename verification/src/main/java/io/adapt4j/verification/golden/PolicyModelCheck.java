package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.task.rl.Policy;
import io.adapt4j.core.internal.task.rl.PolicyLoss;
import io.adapt4j.core.internal.task.rl.PolicyTokens;
import io.adapt4j.core.internal.task.rl.TokenWeights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.TensorLists;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.verification.internal.Bases;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.Gradients;
import io.adapt4j.verification.internal.Networks;
import io.adapt4j.verification.internal.PeftParts;
import io.adapt4j.verification.internal.Tolerances;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Policy losses through a model with an adapter: log-probabilities, losses and gradients. */
final class PolicyModelCheck {

  private final GoldenFolder golden;
  private final Decoder decoder;
  private final Adaptation adaptation;
  private final CompletionBatch batch;
  private final String prefix;
  private final String gradients;
  private final Tolerance tolerance;

  /** Tolerances of log-probabilities and of losses, whose gradients have a relative part. */
  private record Tolerance(double logProbs, double loss, double gradient, double relative) {}

  private PolicyModelCheck(
      GoldenFolder golden,
      Decoder decoder,
      Adaptation adaptation,
      String prefix,
      String gradients,
      Tolerance tolerance) {
    this.golden = golden;
    this.decoder = decoder;
    this.adaptation = adaptation;
    this.batch = CompletionBatch.of(golden);
    this.prefix = prefix;
    this.gradients = gradients;
    this.tolerance = tolerance;
  }

  /** Checks the part {@code model} of a file. */
  static void run(GoldenFolder golden) {
    JsonNode model = golden.json().path("model");
    with(
        golden,
        model.path("policy").asText(),
        "model.",
        "model.grad.",
        new Tolerance(1e-4, 1e-4, 1e-4, 1e-4),
        check -> {
          check.logProbs("model.per_token_logps", check.scores(1).logProbs());
          float[] entropies = golden.floats("model.entropies");
          check.compared("model.entropies", check.scores(1).entropies(), entropies);
          float[] reference = check.reference();
          check.logProbs("model.ref_per_token_logps", reference);
          check.losses("model ", model.path("losses"), reference);
        });
  }

  /** Checks the part {@code grpo} of a folder, which may give the reference's numbers. */
  static void run(GoldenFolder golden, boolean givenReference) {
    with(
        golden,
        golden.json().path("policy").asText(),
        "",
        "grad_",
        new Tolerance(1e-3, 1e-4, Tolerances.FP32, Tolerances.RELATIVE),
        check -> {
          check.logProbs("per_token_logps", check.scores(1).logProbs());
          float[] reference =
              givenReference
                  ? check.batch.real(golden.floats("ref_per_token_logps"))
                  : check.reference();
          if (!givenReference) {
            check.logProbs("ref_per_token_logps", reference);
          }
          check.losses("grpo ", golden.json().at("/grpo/losses"), reference);
        });
  }

  private interface Steps {
    void run(PolicyModelCheck check);
  }

  private static void with(
      GoldenFolder golden,
      String policy,
      String prefix,
      String gradients,
      Tolerance tolerance,
      Steps steps) {
    String[] names = policy.split(" with ", 2);
    Path base = Bases.find(golden.path(), names[0]);
    Networks.requireSupported(base);
    try (Decoder decoder = (Decoder) Networks.load(base, DType.F32);
        Adaptation adaptation =
            PeftParts.attach(Bases.find(golden.path(), names[1]), decoder, base)) {
      steps.run(new PolicyModelCheck(golden, decoder, adaptation, prefix, gradients, tolerance));
    }
  }

  private Policy policy(double temperature) {
    return new Policy(decoder, Optional.empty(), temperature);
  }

  private Policy.Scores scores(double temperature) {
    return policy(temperature).evaluate(batch.batch());
  }

  private float[] reference() {
    return adaptation.withoutAdapter(() -> scores(1).logProbs());
  }

  private void logProbs(String tensor, float[] found) {
    String name = prefix.isEmpty() ? "grpo " + tensor : tensor;
    compared(name, found, golden.floats(tensor));
  }

  private void compared(String name, float[] found, float[] padded) {
    golden.compared(name, Deviation.of(found, batch.real(padded), tolerance.logProbs()));
  }

  private void losses(String label, JsonNode losses, float[] reference) {
    golden.section().each(label, losses, (name, options) -> loss(label, name, options, reference));
  }

  private void loss(String label, String name, JsonNode expected, float[] reference) {
    PolicyCase policy = PolicyCase.of(expected);
    PolicyLoss loss = policy.loss();
    double divisor = policy.divisor(batch.lengths(), batch.width());
    double[] sum = new double[1];
    TensorLists.zero(adaptation.trained().stream().map(Parameter.Trainable::gradient).toList());
    policy(policy.temperature())
        .forwardBackward(
            batch.batch(),
            1 / divisor,
            false,
            0,
            scores -> {
              PolicyLoss.Outcome outcome = loss.of(tokens(policy, loss, scores, reference));
              sum[0] = outcome.loss() / divisor;
              return new Policy.Gradient(outcome.derivative(), outcome.byEntropies(), new float[0]);
            });
    golden.compared(
        label + name, Deviation.of(sum[0], expected.path("loss").asDouble(), tolerance.loss()));
    Map<String, float[]> found = Networks.gradients(decoder, adaptation.trained());
    golden.compared(
        label + name + " grad_norm",
        Deviation.of(
            Gradients.norm(found.values()), expected.path("grad_norm").asDouble(), 1e-3, 1e-3));
    Gradients.compare(
        golden,
        gradients + name + ".",
        found,
        prefix.isEmpty() ? "grpo %s" : "%s",
        tolerance.gradient(),
        tolerance.relative());
  }

  private PolicyTokens tokens(
      PolicyCase policy, PolicyLoss loss, Policy.Scores scores, float[] reference) {
    String given = "advantages";
    return new PolicyTokens(
        batch.lengths(),
        TokenWeights.of(policy.normalization(), batch.lengths(), batch.width(), loss.ofSequences()),
        scores.logProbs(),
        scores.entropies(),
        used(policy, "old_per_token_logps"),
        used(policy, "sampling_per_token_logps"),
        reference,
        batch.ofTokens(golden.floats(golden.has(given) ? given : "advantages.rewards.group")),
        used(policy, "importance_sampling_ratio"));
  }

  private float[] used(PolicyCase policy, String tensor) {
    return policy.uses(tensor)
        ? batch.real(golden.floats(golden.has(prefix + tensor) ? prefix + tensor : tensor))
        : new float[0];
  }
}
