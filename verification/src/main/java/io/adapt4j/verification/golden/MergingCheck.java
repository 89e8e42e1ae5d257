package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.merge.MergeInputs;
import io.adapt4j.core.internal.merge.MergeRules;
import io.adapt4j.core.method.MergeMethod;
import io.adapt4j.core.method.MergeMethod.Algorithm;
import io.adapt4j.core.method.MergeMethod.Dialect;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.GoldenSource;
import io.adapt4j.verification.internal.Report;
import io.adapt4j.verification.internal.UnsupportedQuantityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Checks merged tensors of models, in the dialects of PEFT and mergekit. */
record MergingCheck(GoldenFolder golden) {

  private static final double TOLERANCE = 1e-6;
  private static final String BASE = "base";

  /** A case: dialect, then the algorithm with what tells cases apart. */
  private static final Pattern CASE = Pattern.compile("(peft|mergekit)\\.(\\w+).*");

  static void run(GoldenSource source, Report.Section section) {
    try (GoldenFolder golden = GoldenFolder.open(source, section)) {
      MergingCheck check = new MergingCheck(golden);
      section.each("", source.json().path("cases"), check::merge);
    }
  }

  private void merge(String name, JsonNode options) {
    Matcher matcher = CASE.matcher(name);
    if (!matcher.matches()) {
      throw new UnsupportedQuantityException("merging case " + name);
    }
    Dialect dialect = Dialect.valueOf(matcher.group(1).toUpperCase(Locale.ROOT));
    MergeMethod method = method(MergeMethod.of(dialect, algorithm(matcher.group(2))), options);
    Deviation worst = Deviation.NONE;
    for (String tensor : golden.names(name + ".")) {
      if (isOf(name, tensor)) {
        String part = tensor.substring(name.length() + 1);
        float[] found = MergeRules.merge(inputs(part, options, method), method);
        worst = worst.or(Deviation.relative(found, golden.floats(tensor), TOLERANCE));
      }
    }
    golden.compared(name, worst);
  }

  /** Returns whether a tensor belongs to a case, whose name may begin another's. */
  private boolean isOf(String name, String tensor) {
    return golden.has(BASE + tensor.substring(name.length()));
  }

  /** Returns the algorithm with the longest name that a case begins with. */
  private static Algorithm algorithm(String name) {
    return Arrays.stream(Algorithm.values())
        .filter(algorithm -> name.startsWith(algorithm.name().toLowerCase(Locale.ROOT)))
        .max(Comparator.comparing(algorithm -> algorithm.name().length()))
        .orElseThrow(() -> new UnsupportedQuantityException("merging method " + name));
  }

  private static MergeMethod method(MergeMethod defaults, JsonNode options) {
    MergeMethod method =
        defaults
            .normalize(options.path("normalize").asBoolean(defaults.normalize()))
            .rescale(options.path("rescale").asBoolean(defaults.rescale()))
            .lambda(options.path("lambda").asDouble(defaults.lambda()))
            .gamma(options.path("gamma").asDouble(defaults.gamma()))
            .epsilon(options.path("epsilon").asDouble(defaults.epsilon()))
            .t(options.path("t").asDouble(defaults.t()))
            .filterWise(options.path("filter_wise").asBoolean(false));
    String election = options.path("majority_sign_method").asText("total");
    return method.majority(MergeMethod.Majority.valueOf(election.toUpperCase(Locale.ROOT)));
  }

  private MergeInputs inputs(String tensor, JsonNode options, MergeMethod method) {
    List<String> models = models(options);
    List<MergeInputs.Member> members = new ArrayList<>();
    boolean differences = method.dialect() == Dialect.PEFT;
    for (int i = 1; i < models.size(); i++) {
      String model = models.get(i) + "." + tensor;
      String base = models.get(0) + "." + tensor;
      members.add(
          new MergeInputs.Member(
              () -> differences ? difference(model, base) : golden.floats(model),
              number(options.path("weights"), i - 1, 1),
              number(options.path("density"), i - 1, 1)));
    }
    return new MergeInputs(
        golden.tensors().entry(models.get(0) + "." + tensor).shape(),
        differences
            ? Optional.empty()
            : Optional.of(() -> golden.floats(models.get(0) + "." + tensor)),
        members,
        (member, count) -> uniforms(member, tensor, method));
  }

  /** Returns the base and the models of a case. */
  private List<String> models(JsonNode options) {
    if (options.has("between")) {
      return IntStream.range(0, options.path("between").size())
          .mapToObj(i -> options.path("between").path(i).asText())
          .toList();
    }
    int count = options.path("models").asInt(options.path("weights").size());
    List<String> models =
        IntStream.range(0, count).mapToObj(i -> "model" + i).collect(Collectors.toList());
    models.add(0, BASE);
    return models;
  }

  /** Reads a number for all models, or one of a list. */
  private static double number(JsonNode option, int index, double absent) {
    return option.isArray() ? option.path(index).asDouble(absent) : option.asDouble(absent);
  }

  private float[] difference(String model, String base) {
    float[] values = golden.floats(model);
    float[] from = golden.floats(base);
    for (int i = 0; i < values.length; i++) {
      values[i] -= from[i];
    }
    return values;
  }

  /** Returns numbers that keep what the stored masks keep. */
  private float[] uniforms(int member, String tensor, MergeMethod method) {
    boolean ranked =
        method.algorithm() == Algorithm.DELLA || method.algorithm() == Algorithm.DELLA_LINEAR;
    float[] stored = golden.floats((ranked ? "uniform" : "mask") + member + "." + tensor);
    for (int i = 0; i < stored.length && !ranked; i++) {
      stored[i] = 1 - stored[i];
    }
    return stored;
  }
}
