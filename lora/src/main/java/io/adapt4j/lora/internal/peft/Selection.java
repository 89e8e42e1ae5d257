package io.adapt4j.lora.internal.peft;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Selection of the adapted modules, by PEFT's rules. */
public record Selection(
    PeftTargets targets,
    Optional<PeftTargets> excluded,
    List<Integer> layers,
    List<String> layersPattern,
    List<String> parameters,
    boolean modulesOnly) {

  /** PeftTargets of an adapter that names only weights that are not modules. */
  public static final PeftTargets NO_MODULE = PeftTargets.regex("(?!)");

  /** A number in a path, after any component. */
  private static final Pattern ANY_LAYER = Pattern.compile(".*\\.[^.]*\\.(\\d+)\\..*");

  public Selection {
    layers = List.copyOf(layers);
    layersPattern = List.copyOf(layersPattern);
    parameters = List.copyOf(parameters);
  }

  public static Selection of(PeftTargets targets) {
    return new Selection(targets, Optional.empty(), List.of(), List.of(), List.of(), false);
  }

  public Selection withTargets(PeftTargets changed) {
    return new Selection(changed, excluded, layers, layersPattern, parameters, modulesOnly);
  }

  public Selection withExcluded(PeftTargets changed) {
    return new Selection(
        targets, Optional.of(changed), layers, layersPattern, parameters, modulesOnly);
  }

  public Selection withLayers(List<Integer> changed, List<String> pattern) {
    return new Selection(targets, excluded, changed, pattern, parameters, modulesOnly);
  }

  /** Returns whether a projection with several paths is adapted. */
  public boolean matches(List<String> paths) {
    return paths.stream().anyMatch(this::matches) && paths.stream().noneMatch(this::isExcluded);
  }

  /** Returns whether a weight is named, in any layer, as PEFT matches parameter names. */
  public boolean namesParameter(List<String> paths) {
    return paths.stream().anyMatch(this::isParameter);
  }

  /** Returns whether a projection is selected only by its weight's name, as a parameter. */
  public boolean isWeight(String path) {
    return !ExpertParameters.isStacked(path) && !targets.matches(path) && isParameter(path);
  }

  /** Returns whether exclusions and layers allow a projection. */
  public boolean allows(String path) {
    return !isExcluded(path) && isInLayers(path);
  }

  private boolean isExcluded(String path) {
    return excluded.isPresent() && excluded.get().matches(path);
  }

  /** Returns whether a module is adapted. */
  public boolean matches(String path) {
    if (isExcluded(path)) {
      return false;
    }
    boolean isModule = !modulesOnly || !ExpertParameters.isStacked(path);
    // A full path among the names matches in any layer.
    boolean exact = isModule && targets.names().contains(path);
    boolean named = (isModule && isNamed(path)) || isParameter(path);
    return exact || (named && isInLayers(path));
  }

  /** Returns whether a path is named, also by PEFT's name of a weight that is not a module. */
  private boolean isNamed(String path) {
    if (targets.matches(path) || !ExpertParameters.isStacked(path)) {
      return targets.matches(path);
    }
    String parameter = ExpertParameters.parameter(path);
    return targets.matches(parameter) || targets.matches(parameter.replaceFirst("\\.weight$", ""));
  }

  private boolean isParameter(String path) {
    String name =
        ExpertParameters.isStacked(path) ? ExpertParameters.parameter(path) : path + ".weight";
    return ExpertParameters.matches(parameters, name);
  }

  private boolean isInLayers(String path) {
    if (layers.isEmpty()) {
      return true;
    }
    OptionalInt layer = layerOf(path);
    return layer.isPresent() && layers.contains(layer.getAsInt());
  }

  /** Returns the number after the last component that may hold layers. */
  private OptionalInt layerOf(String path) {
    if (layersPattern.isEmpty()) {
      return number(ANY_LAYER.matcher(path));
    }
    return layersPattern.stream()
        .map(name -> number(Expressions.matcher(".*\\." + name + "\\.(\\d+)\\..*", path)))
        .filter(OptionalInt::isPresent)
        .findFirst()
        .orElse(OptionalInt.empty());
  }

  private static OptionalInt number(Matcher matcher) {
    return matcher.matches()
        ? OptionalInt.of(Integer.parseInt(matcher.group(1)))
        : OptionalInt.empty();
  }

  @Override
  public String toString() {
    String names =
        targets.equals(NO_MODULE)
            ? "target_parameters " + parameters
            : targets + (parameters.isEmpty() ? "" : " and target_parameters " + parameters);
    return names
        + excluded.map(modules -> " without " + modules).orElse("")
        + (layers.isEmpty() ? "" : " in layers " + layers)
        + (layersPattern.isEmpty() ? "" : " of " + layersPattern);
  }
}
