package io.adapt4j.lora;

import io.adapt4j.core.internal.describe.Documents;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.describe.Problems;
import io.adapt4j.core.merge.ModelMerge;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.MergeMethod;
import io.adapt4j.core.method.MergeMethod.Algorithm;
import io.adapt4j.core.method.MergeMethod.Dialect;
import io.adapt4j.core.method.MergeMethod.Majority;
import io.adapt4j.core.model.Precision;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A merge as data: of models into a model, or of adapters into an adapter, in YAML or JSON.
 * Relative paths are resolved against the folder of the file.
 *
 * <pre>{@code
 * method: {ties: {density: 0.5}}
 * dialect: mergekit
 * base: models/base
 * models:
 *   - {model: models/math, weight: 0.5}
 *   - {model: models/base, adapter: runs/support/best, weight: 0.8}
 * }</pre>
 */
public final class MergeDescription {

  private static final String MODELS = "models";
  private static final String ADAPTERS = "adapters";
  private static final String METHOD = "method";

  private final Problems problems = new Problems();
  private final Fields fields;
  private final Consumer<Path> merge;

  private MergeDescription(Path file) {
    this.fields = Fields.of("", Documents.read(file), problems);
    problems.finish();
    this.merge = fields.written().contains(ADAPTERS) ? adapters() : models();
    fields.finish();
    problems.finish();
  }

  /**
   * Reads a file. With {@code adapters}, the result is an adapter: its matrices are merged, or with
   * {@code rank} the updates.
   *
   * @param file YAML or JSON
   * @return the description
   * @throws io.adapt4j.core.exception.SettingsException if the file cannot be read, or a key is
   *     wrong; the message names each
   */
  public static MergeDescription read(Path file) {
    return new MergeDescription(file);
  }

  /**
   * Merges and writes the result.
   *
   * @param output output folder; created if absent
   * @throws IllegalArgumentException if the method does not merge these models or adapters
   * @throws io.adapt4j.core.exception.CheckpointException if one cannot be read, or they differ, or
   *     the result cannot be written
   */
  public void write(Path output) {
    merge.accept(output);
  }

  private Consumer<Path> models() {
    fields.require(MODELS, "List models as {model: FOLDER, weight: 1}, or adapters.");
    Optional<MergeMethod> method = method(Dialect.MERGEKIT);
    ModelMerge[] merge = {ModelMerge.of(method.orElse(MergeMethod.mergekit(Algorithm.LINEAR)))};
    fields.file("base").ifPresent(folder -> merge[0] = merge[0].base(folder));
    for (Fields member : fields.mappings(MODELS)) {
      Optional<Path> folder = member.file("model");
      member.require("model", "Name a checkpoint folder.");
      double weight = weight(member);
      Optional<Path> adapter = member.file("adapter");
      Optional<Double> density = density(member);
      folder.ifPresent(
          path ->
              member.attempt(
                  "adapter",
                  () -> {
                    merge[0] =
                        adapter.isPresent()
                            ? merge[0].and(path, Adapter.at(adapter.get()), weight)
                            : merge[0].and(path, weight);
                    density.ifPresent(share -> merge[0] = merge[0].density(share));
                  }));
      member.finish();
    }
    fields
        .choice("precision", Precision.class)
        .ifPresent(precision -> merge[0] = merge[0].precision(precision));
    fields.whole("seed").ifPresent(seed -> merge[0] = merge[0].seed(seed));
    return output -> merge[0].write(output);
  }

  private Consumer<Path> adapters() {
    Optional<MergeMethod> method = method(Dialect.PEFT);
    AdapterMix[] mix = new AdapterMix[1];
    for (Fields member : fields.mappings(ADAPTERS)) {
      member.require("adapter", "Name an adapter's folder.");
      double weight = weight(member);
      member
          .file("adapter")
          .ifPresent(
              folder ->
                  member.attempt(
                      "adapter",
                      () -> {
                        LoraAdapter adapter = LoraAdapter.at(folder);
                        mix[0] =
                            mix[0] == null
                                ? AdapterMix.of(adapter, weight)
                                : mix[0].and(adapter, weight);
                      }));
      member.finish();
    }
    if (fields.mappings(ADAPTERS).isEmpty()) {
      fields.problem(ADAPTERS, "expected at least one {adapter: FOLDER, weight: 1}, found none.");
    }
    Optional<Integer> rank = fields.integer("rank", 1);
    long seed = fields.whole("seed").orElse(0L);
    return output -> {
      AdapterMix seeded = mix[0].seed(seed);
      MergeMethod found = method.orElseThrow();
      if (rank.isPresent()) {
        seeded.writeSvd(output, rank.get(), found);
      } else {
        seeded.write(output, found);
      }
    };
  }

  private static double weight(Fields member) {
    return member.number("weight", "", Double::isFinite).orElse(1.0);
  }

  private static Optional<Double> density(Fields fields) {
    return fields.number("density", "above 0 and at most 1", share -> share > 0 && share <= 1);
  }

  private Optional<MergeMethod> method(Dialect usual) {
    Dialect dialect = fields.choice("dialect", Dialect.class).orElse(usual);
    fields.require(METHOD, "Name a method, such as ties or {ties: {density: 0.5}}.");
    Map<String, Algorithm> algorithms = new LinkedHashMap<>();
    for (Algorithm algorithm : Algorithm.values()) {
      algorithms.put(Fields.written(algorithm), algorithm);
    }
    MergeMethod[] method = new MergeMethod[1];
    fields
        .named(METHOD)
        .ifPresent(
            named -> {
              String word = named.name().toLowerCase(Locale.ROOT).replace('_', '-');
              if (algorithms.containsKey(word)) {
                fields.attempt(
                    METHOD,
                    () -> {
                      method[0] = MergeMethod.of(dialect, algorithms.get(word));
                      method[0] = options(method[0], named.options());
                    });
              } else {
                fields.refuse(METHOD, named.name(), List.copyOf(algorithms.keySet()));
              }
              named.options().finish();
            });
    return Optional.ofNullable(method[0]);
  }

  private static MergeMethod options(MergeMethod defaults, Fields options) {
    return defaults
        .density(density(options).orElse(defaults.density()))
        .normalize(options.flag("normalize").orElse(defaults.normalize()))
        .rescale(options.flag("rescale").orElse(defaults.rescale()))
        .lambda(number(options, "lambda").orElse(defaults.lambda()))
        .gamma(number(options, "gamma").orElse(defaults.gamma()))
        .epsilon(number(options, "epsilon").orElse(defaults.epsilon()))
        .t(number(options, "t").orElse(defaults.t()))
        .majority(options.choice("majority", Majority.class).orElse(defaults.majority()))
        .filterWise(options.flag("filterWise").orElse(defaults.filterWise()));
  }

  private static Optional<Double> number(Fields options, String key) {
    return options.number(key, "", Double::isFinite);
  }
}
