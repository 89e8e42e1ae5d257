package io.adapt4j.lora;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.lora.internal.adapter.SavedModules;
import io.adapt4j.lora.internal.peft.AdapterKind;
import io.adapt4j.lora.internal.projection.ProjectionAdapterMechanics;
import io.adapt4j.lora.internal.projection.ProjectionConfig;
import io.adapt4j.lora.internal.projection.ProjectionKind;
import io.adapt4j.lora.internal.projection.ProjectionMechanics;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * Methods that train one tensor for each adapted projection, as data.
 *
 * @param <M> the public method
 */
abstract class ProjectionMethods<M extends FineTuningMethod> implements AdapterKind {

  private static final String CONTINUING = "continuing";
  private static final String TARGETS = "targets";
  private static final String EXCLUDE = "exclude";
  private static final String LAYERS = "layers";
  private static final String SAVED = "modulesToSave";

  private final String name;
  private final ProjectionKind kind;
  private final Class<M> type;
  private final Function<ProjectionConfig, M> create;
  private final Function<M, ProjectionConfig> config;

  private final List<Option<M>> options;

  /** An option of a method in a description. */
  record Option<M>(
      BiFunction<Fields, M, M> reader, BiConsumer<ProjectionConfig, ObjectNode> writer) {

    static <M> Option<M> integer(String name, String field, BiFunction<M, Integer, M> setter) {
      return new Option<>(
          (fields, method) -> attempt(fields, name, fields.integer(name, 0), method, setter),
          (config, written) -> writeChanged(config, field, name, written));
    }

    static <M> Option<M> number(String name, String field, BiFunction<M, Double, M> setter) {
      return new Option<>(
          (fields, method) ->
              attempt(
                  fields,
                  name,
                  fields.number(name, "of at least 0", number -> number >= 0),
                  method,
                  setter),
          (config, written) -> writeChanged(config, field, name, written));
    }

    static <M> Option<M> flag(String name, String field, String value, UnaryOperator<M> setter) {
      return new Option<>(
          (fields, method) -> fields.flag(name).orElse(false) ? setter.apply(method) : method,
          (config, written) -> {
            if (config.text(field).equals(value)) {
              written.put(name, true);
            }
          });
    }

    static <M, V> M attempt(
        Fields fields, String name, Optional<V> value, M method, BiFunction<M, V, M> setter) {
      List<M> set = new ArrayList<>(List.of(method));
      value.ifPresent(found -> fields.attempt(name, () -> set.set(0, setter.apply(method, found))));
      return set.get(0);
    }

    static void writeChanged(
        ProjectionConfig config, String field, String name, ObjectNode written) {
      JsonNode value = config.options().path(field);
      boolean replaced = value.isInt() && value.intValue() == 0;
      if (!replaced && !value.equals(config.kind().defaults().path(field))) {
        written.set(name, value);
      }
    }
  }

  ProjectionMethods(
      String name,
      ProjectionKind kind,
      Class<M> type,
      Function<ProjectionConfig, M> create,
      Function<M, ProjectionConfig> config,
      List<Option<M>> options) {
    this.name = name;
    this.kind = kind;
    this.type = type;
    this.create = create;
    this.config = config;
    this.options = options;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String peftType() {
    return kind.type();
  }

  @Override
  public AdapterMechanics at(Path folder) {
    return ProjectionAdapterMechanics.at(kind, folder);
  }

  @Override
  public Optional<MethodMechanics> mechanics(FineTuningMethod method) {
    return type.isInstance(method)
        ? Optional.of(new ProjectionMechanics(method, config.apply(type.cast(method))))
        : Optional.empty();
  }

  @Override
  public Optional<FineTuningMethod> read(Fields fields) {
    Optional<Path> adapter = fields.file(CONTINUING);
    if (adapter.isPresent()) {
      try {
        return Optional.of(create.apply(ProjectionConfig.continuing(kind, adapter.get())));
      } catch (CheckpointException e) {
        fields.problem(CONTINUING, e.getMessage());
        return Optional.empty();
      }
    }
    M method = create.apply(ProjectionConfig.of(kind));
    for (Option<M> option : options) {
      method = option.reader().apply(fields, method);
    }
    List<ProjectionConfig> read = new ArrayList<>(List.of(config.apply(method)));
    DescribedTargets.read(fields, TARGETS)
        .ifPresent(targets -> read.set(0, targets(read.get(0), targets)));
    if (read.get(0).selects()) {
      DescribedTargets.read(fields, EXCLUDE)
          .ifPresent(
              targets -> fields.attempt(EXCLUDE, () -> read.set(0, without(read.get(0), targets))));
      List<Integer> layers = fields.integers(LAYERS, 0);
      read.set(0, layers(read.get(0), layers.stream().mapToInt(Integer::intValue).toArray()));
    }
    fields.attempt(SAVED, () -> read.set(0, saving(read.get(0), fields.texts(SAVED))));
    return Optional.of(create.apply(read.get(0)));
  }

  @Override
  public Optional<ObjectNode> write(FineTuningMethod method) {
    if (!type.isInstance(method)) {
      return Optional.empty();
    }
    ProjectionConfig own = config.apply(type.cast(method));
    ObjectNode written = JsonNodeFactory.instance.objectNode();
    if (own.start().isPresent()) {
      return Optional.of(
          written.put(CONTINUING, own.start().get().toAbsolutePath().normalize().toString()));
    }
    options.forEach(option -> option.writer().accept(own, written));
    DescribedTargets.write(own.modules().targets(), TARGETS, written);
    own.modules().excluded().ifPresent(names -> DescribedTargets.write(names, EXCLUDE, written));
    if (!own.modules().layers().isEmpty()) {
      own.modules().layers().forEach(written.putArray(LAYERS)::add);
    }
    if (!own.modulesToSave().isEmpty()) {
      own.modulesToSave().forEach(written.putArray(SAVED)::add);
    }
    return Optional.of(written);
  }

  static ProjectionConfig targets(ProjectionConfig config, Targets targets) {
    return config.withModules(config.modules().withTargets(DescribedTargets.of(targets)));
  }

  static ProjectionConfig without(ProjectionConfig config, Targets targets) {
    if (targets instanceof Targets.AllLinear) {
      throw new IllegalArgumentException("exclude: expected names or an expression, found all");
    }
    return config.withModules(config.modules().withExcluded(DescribedTargets.of(targets)));
  }

  static ProjectionConfig layers(ProjectionConfig config, int... numbers) {
    if (Arrays.stream(numbers).anyMatch(number -> number < 0)) {
      throw new IllegalArgumentException(
          "layers: expected numbers from 0, found " + Arrays.toString(numbers));
    }
    List<Integer> layers = Arrays.stream(numbers).boxed().collect(Collectors.toList());
    return config.withModules(
        config.modules().withLayers(layers, config.modules().layersPattern()));
  }

  static ProjectionConfig saving(ProjectionConfig config, List<String> modules) {
    SavedModules.requireNames(modules.toArray(String[]::new));
    return config.withModulesToSave(modules);
  }
}
