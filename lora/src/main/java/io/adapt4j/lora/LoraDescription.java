package io.adapt4j.lora;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.config.ConfigException;
import io.adapt4j.core.describe.Fields;
import io.adapt4j.core.train.FineTuningMethod;
import io.adapt4j.core.train.MethodDescription;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;

/**
 * {@link Lora} as data:
 *
 * <pre>{@code
 * lora: {rank: 16, alpha: 32, targets: [q_proj, v_proj]}
 * }</pre>
 */
public final class LoraDescription implements MethodDescription {

  /**
   * An option.
   *
   * @param name its key
   * @param setter the method of {@link Lora} that it stands for
   * @param reader applies it
   * @param writer writes it
   */
  record Option(String name, String setter, Reader reader, Writer writer) {}

  /** Applies an option that is written. */
  interface Reader extends BiFunction<Fields, Lora, Optional<Lora>> {}

  /** Writes an option where it says something. */
  interface Writer {
    void write(AdapterConfig config, ObjectNode options);
  }

  /** Options of {@link Lora} that a description cannot have, with the reason. */
  static final Map<String, String> WITHOUT_KEY = Map.of();

  static final List<Option> OPTIONS =
      List.of(
          new Option(
              "alpha",
              "alpha",
              (fields, lora) ->
                  fields.number("alpha", "above 0", value -> value > 0).map(lora::alpha),
              (config, options) -> options.put("alpha", config.alpha())),
          new Option(
              "dropout",
              "dropout",
              (fields, lora) ->
                  fields
                      .number(
                          "dropout", "of at least 0 and below 1", value -> value >= 0 && value < 1)
                      .map(lora::dropout),
              (config, options) -> options.put("dropout", config.dropout())),
          new Option(
              "targets",
              "targets",
              (fields, lora) -> targets(fields).map(lora::targets),
              LoraDescription::writeTargets),
          new Option(
              "bias",
              "bias",
              (fields, lora) -> fields.choice("bias", LoraBias.class).map(lora::bias),
              (config, options) -> options.put("bias", Fields.written(config.bias()))),
          new Option(
              "modulesToSave",
              "modulesToSave",
              (fields, lora) -> {
                List<String> modules = fields.texts("modulesToSave");
                return modules.isEmpty()
                    ? Optional.empty()
                    : attempt(
                        fields,
                        "modulesToSave",
                        one -> one.modulesToSave(modules.toArray(String[]::new)),
                        lora);
              },
              (config, options) -> {
                if (!config.modulesToSave().isEmpty()) {
                  config.modulesToSave().forEach(options.putArray("modulesToSave")::add);
                }
              }),
          new Option(
              "rankStabilised",
              "rankStabilised",
              (fields, lora) ->
                  fields.flag("rankStabilised").filter(on -> on).map(on -> lora.rankStabilised()),
              (config, options) -> options.put("rankStabilised", config.rankStabilised())));

  /** Made by {@link java.util.ServiceLoader}. */
  public LoraDescription() {}

  @Override
  public String name() {
    return "lora";
  }

  @Override
  public Optional<FineTuningMethod> read(Fields options) {
    options.exclude("rank", "continuing");
    Optional<Path> adapter = options.file("continuing");
    Optional<Integer> rank = options.integer("rank", 1);
    if (adapter.isPresent()) {
      return continuing(options, adapter.get());
    }
    Set<String> written = options.written();
    if (!written.contains("continuing")) {
      options.require(
          "rank", "Write 'rank: 16', or 'continuing: FOLDER' to go on with an adapter.");
    }
    // Without a rank the other options are still checked.
    Lora lora = Lora.rank(rank.orElse(1));
    for (Option option : OPTIONS) {
      lora = option.reader().apply(options, lora).orElse(lora);
    }
    return rank.isPresent() ? Optional.of(lora) : Optional.empty();
  }

  /** The adapter says all but the dropout. */
  private static Optional<FineTuningMethod> continuing(Fields options, Path adapter) {
    try {
      Lora lora = Lora.continuing(adapter);
      return Optional.of(
          options
              .number("dropout", "of at least 0 and below 1", value -> value >= 0 && value < 1)
              .map(lora::dropout)
              .orElse(lora));
    } catch (ConfigException e) {
      options.problem("continuing", e.getMessage());
      return Optional.empty();
    }
  }

  private static Optional<Lora> attempt(
      Fields fields, String key, UnaryOperator<Lora> change, Lora lora) {
    List<Lora> changed = new ArrayList<>();
    fields.attempt(key, () -> changed.add(change.apply(lora)));
    return changed.stream().findFirst();
  }

  /** {@code all-linear}, a list of names, or {@code {regex: ...}}. */
  private static Optional<Targets> targets(Fields fields) {
    Optional<Object> content = fields.find("targets").map(value -> value.content());
    List<Targets> made = new ArrayList<>();
    if (content.filter(Map.class::isInstance).isPresent()) {
      Fields regex = fields.mapping("targets").orElseThrow();
      regex.require("regex", "Write an expression that matches whole module paths.");
      regex
          .text("regex")
          .ifPresent(text -> regex.attempt("regex", () -> made.add(Targets.regex(text))));
      regex.finish();
    } else if (content.isPresent()) {
      List<String> names = fields.texts("targets");
      if (names.equals(List.of(Targets.ALL_LINEAR.toString()))) {
        made.add(Targets.ALL_LINEAR);
      } else {
        fields.attempt("targets", () -> made.add(Targets.names(names.toArray(String[]::new))));
      }
    }
    return made.stream().findFirst();
  }

  private static void writeTargets(AdapterConfig config, ObjectNode options) {
    Targets targets = config.modules().targets();
    if (targets instanceof Targets.Names names) {
      names.names().forEach(options.putArray("targets")::add);
    } else if (targets instanceof Targets.Regex regex) {
      options.putObject("targets").put("regex", regex.expression());
    } else {
      options.put("targets", targets.toString());
    }
  }

  @Override
  public Optional<ObjectNode> write(FineTuningMethod method) {
    if (!(method instanceof Lora lora)) {
      return Optional.empty();
    }
    ObjectNode options = JsonNodeFactory.instance.objectNode();
    if (lora.start().isPresent()) {
      return Optional.of(
          options
              .put("continuing", lora.start().get().toAbsolutePath().normalize().toString())
              .put("dropout", lora.config().dropout()));
    }
    options.put("rank", lora.config().rank());
    OPTIONS.forEach(option -> option.writer().write(lora.config(), options));
    return Optional.of(options);
  }
}
