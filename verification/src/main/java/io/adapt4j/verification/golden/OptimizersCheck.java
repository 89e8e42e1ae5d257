package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.optim.ApolloRule;
import io.adapt4j.core.internal.optim.GaLoreRule;
import io.adapt4j.core.internal.optim.MuonRule;
import io.adapt4j.core.internal.optim.OptimizerState;
import io.adapt4j.core.internal.optim.OptimizerStates;
import io.adapt4j.core.internal.optim.Projections;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenException;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.GoldenSource;
import io.adapt4j.verification.internal.Report;
import io.adapt4j.verification.internal.UnsupportedQuantityException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Checks courses of optimizers over fixed gradients. */
record OptimizersCheck(GoldenFolder golden) {

  private static final double FP32 = 1e-5;
  private static final double BF16 = 1e-2;

  /** Orders of summation differ by this much in one rounded matrix. */
  private static final double ROUNDED = 5e-2;

  private static final String NEWTON_SCHULZ = "newton_schulz_of_grad";

  static void run(GoldenSource source, Report.Section section) {
    try (GoldenFolder golden = GoldenFolder.open(source, section)) {
      OptimizersCheck check = new OptimizersCheck(golden);
      section.each("", source.json().path("courses"), check::course);
      for (String tensor : golden.names(NEWTON_SCHULZ)) {
        golden.compare(tensor, () -> check.orthogonal(tensor));
      }
    }
  }

  /** Checks an orthogonalized gradient: of a step and a parameter, in a type. */
  private Deviation orthogonal(String tensor) {
    String[] parts = tensor.substring(NEWTON_SCHULZ.length()).split("_", -1);
    boolean bfloat16 = parts[2].equals("bf16");
    List<Long> sizes = golden.tensors().entry("initial." + parts[1]).shape();
    float[] found =
        MuonRule.orthogonal(
            row("grads." + parts[1], Integer.parseInt(parts[0])),
            sizes.get(0),
            sizes.get(1),
            bfloat16);
    return Deviation.relative(found, golden.floats(tensor), bfloat16 ? ROUNDED : FP32);
  }

  private void course(String name, JsonNode options) throws IOException {
    String stored = stored(name, options);
    Optimizer optimizer = optimizer(name, options);
    boolean bfloat16 = optimizer instanceof Optimizer.Muon muon && muon.bfloat16();
    double tolerance = bfloat16 ? BF16 : FP32;
    Map<String, Deviation> worst = new TreeMap<>();
    try (Scope scope = Scope.open()) {
      List<Trainable> trained = new ArrayList<>();
      for (JsonNode parameter : options.path("parameters")) {
        String initial = "initial." + parameter.asText();
        long[] sizes = golden.tensors().entry(initial).dimensions();
        trained.add(
            new Trainable(
                parameter.asText(),
                Tensor.of(golden.floats(initial), sizes),
                Tensor.of(row("grads." + parameter.asText(), 0), sizes)));
      }
      double decay = options.path("weight_decay").asDouble(options.path("wd").asDouble(0));
      try (OptimizerState state = OptimizerStates.start(optimizer, trained, decay)) {
        for (int step = 0; step < options.path("steps").asInt(); step++) {
          step(state, trained, options, step);
          compare(stored, trained, step, tolerance, worst);
          if (state.averages()) {
            state.average();
            compare(stored + ".eval", trained, step, tolerance, worst);
            state.train();
          }
        }
        for (String tensor : golden.names(stored + ".z.")) {
          String moment = tensor.substring(stored.length() + 1);
          worst.merge(
              ".z",
              Deviation.relative(moment(state, moment), golden.floats(tensor), tolerance),
              Deviation::or);
        }
      }
    }
    worst.forEach((part, deviation) -> golden.compared(name + part, deviation));
  }

  private void step(OptimizerState state, List<Trainable> trained, JsonNode options, int step) {
    for (Trainable parameter : trained) {
      try (Tensor gradient =
          Tensor.of(row("grads." + parameter.name(), step), parameter.gradient().sizes())) {
        parameter.gradient().copyFrom(gradient);
      }
    }
    int warmup = options.path("warmup_steps").asInt(0);
    double factor = step < warmup ? (step + 1.0) / warmup : 1;
    state.step(options.path("lr").asDouble() * factor);
  }

  private void compare(
      String course,
      List<Trainable> trained,
      int step,
      double tolerance,
      Map<String, Deviation> worst) {
    for (Trainable parameter : trained) {
      worst.merge(
          course.endsWith(".eval") ? ".eval" : "",
          Deviation.relative(
              parameter.value().toFloats(), row(course + "." + parameter.name(), step), tolerance),
          Deviation::or);
    }
  }

  private static float[] moment(OptimizerState state, String name) throws IOException {
    TensorData data =
        state.save().stream()
            .filter(saved -> saved.name().equals(name))
            .findFirst()
            .orElseThrow(() -> new GoldenException("expected the moment " + name + ", found none"));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    data.content().writeTo(Channels.newChannel(bytes));
    float[] values = new float[bytes.size() / Float.BYTES];
    ByteBuffer.wrap(bytes.toByteArray()).order(ByteOrder.nativeOrder()).asFloatBuffer().get(values);
    return values;
  }

  /** Returns one of several stacked tensors. */
  private float[] row(String tensor, int index) {
    float[] all = golden.floats(tensor);
    int size = all.length / Math.toIntExact(golden.tensors().entry(tensor).shape().get(0));
    return Arrays.copyOfRange(all, index * size, (index + 1) * size);
  }

  /** Returns the course whose tensors are stored: its own, or one with the same options. */
  private String stored(String name, JsonNode options) {
    String parameter = "." + options.path("parameters").path(0).asText();
    if (golden.has(name + parameter)) {
      return name;
    }
    for (Map.Entry<String, JsonNode> other : golden.json().path("courses").properties()) {
      JsonNode same = other.getValue();
      if (golden.has(other.getKey() + parameter)
          && List.of("lr", "weight_decay", "warmup_steps", "betas", "r", "weight_lr_power").stream()
              .allMatch(key -> same.path(key).equals(options.path(key)))) {
        return other.getKey();
      }
    }
    throw new UnsupportedQuantityException("course " + name + " without tensors");
  }

  private Optimizer optimizer(String name, JsonNode options) {
    double beta1 = options.path("betas").path(0).asDouble(0.9);
    double beta2 = options.path("betas").path(1).asDouble(0.999);
    double eps = options.path("eps").asDouble(1e-8);
    if (options.has("newton_schulz")) {
      return new Optimizer.Muon(
          options.path("mom").asDouble(),
          options.path("nesterov").asBoolean(),
          options.path("adjust").asText().equals("match_rms_adamw"),
          options.path("newton_schulz").asText().startsWith("bfloat16"),
          beta1,
          beta2,
          eps);
    }
    if (name.startsWith("schedule_free")) {
      return new Optimizer.ScheduleFreeAdamW(
          beta1,
          beta2,
          eps,
          options.path("r").asDouble(0),
          options.path("weight_lr_power").asDouble(2));
    }
    if (!options.has("rank")) {
      throw new UnsupportedQuantityException("optimizer " + name);
    }
    if (!options.path("proj_type").asText("std").equals("std")) {
      throw new UnsupportedQuantityException("projection " + options.path("proj_type").asText());
    }
    int rank = options.path("rank").asInt();
    int gap = options.path("update_proj_gap").asInt(200);
    double scale = options.path("scale").asDouble();
    Projections projections = request -> row(name + ".projection." + request.name(), request.use());
    return Optimizer.custom(
        options.has("scale_type")
            ? new ApolloRule(
                new Optimizer.Apollo(
                    rank,
                    gap,
                    scale,
                    options.path("scale_type").asText().equals("channel"),
                    beta1,
                    beta2,
                    eps),
                projections)
            : new GaLoreRule(
                new Optimizer.GaLore(rank, gap, scale, beta1, beta2, eps), projections));
  }
}
