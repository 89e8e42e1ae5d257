package io.adapt4j.verification;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableSet;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Modules of core as layers: a package depends on its own layer and on lower ones. What runs a
 * model knows nothing of data sets and of what trains it.
 */
class CoreLayersTest {

  private static final String CORE = "io.adapt4j.core";

  /** Layers from the lowest to the highest. */
  private enum Layer {
    BASE("exception", "internal", "internal.describe", "internal.http", "internal.metric"),
    TENSOR("internal.tensor", "internal.tensor.*"),
    FILES("hub", "internal.checkpoint", "internal.config", "model"),
    TEXT("chat", "internal.chat", "internal.tokenize", "tokenize"),
    DATA("data", "data.quality", "internal.data", "internal.data.sensitive"),
    MODELS(
        "internal.merge",
        "internal.method",
        "internal.nn",
        "internal.nn.*",
        "internal.nn.family.*",
        "internal.provenance",
        "merge",
        "method",
        "spi"),
    INFERENCE(
        "",
        "generate",
        "inspect",
        "internal.encode",
        "internal.generate",
        "internal.load",
        "internal.score",
        "internal.sequence",
        "score",
        "text"),
    TRAINING(
        "augment",
        "batch",
        "finetune",
        "internal.forgetting",
        "internal.judge",
        "internal.memory",
        "internal.monitor",
        "internal.optim",
        "internal.plan",
        "internal.recipe",
        "internal.regularize",
        "internal.task",
        "internal.task.*",
        "internal.train",
        "monitor",
        "optim",
        "plan",
        "preference",
        "regularization",
        "reinforce",
        "search",
        "task",
        "train",
        "train.spi");

    private final ImmutableSet<String> packages;

    Layer(String... packages) {
      this.packages = ImmutableSet.copyOf(packages);
    }

    /** Folder of the module below {@code core}. */
    String folder() {
      return name().toLowerCase(Locale.ROOT);
    }

    boolean has(String name) {
      int parent = name.lastIndexOf('.');
      return packages.contains(name)
          || (parent > 0 && packages.contains(name.substring(0, parent) + ".*"));
    }
  }

  private static Layer layer(JavaClass type) {
    String name = type.getPackageName();
    String inCore = name.length() <= CORE.length() ? "" : name.substring(CORE.length() + 1);
    return Arrays.stream(Layer.values())
        .filter(layer -> layer.has(inCore))
        .findFirst()
        .orElseThrow(() -> new AssertionError("package " + inCore + " of core has no layer here"));
  }

  private static String outermost(JavaClass type) {
    return type.getName().replaceFirst("\\$.*", "");
  }

  /** Folders of the modules of core. */
  static List<Path> folders(Path root) {
    return Stream.of(Layer.values())
        .map(layer -> root.resolve("core").resolve(layer.folder()))
        .toList();
  }

  private static List<JavaClass> core() {
    return ImportedClasses.all().stream()
        .filter(type -> (type.getPackageName() + ".").startsWith(CORE + "."))
        .filter(type -> !type.getSimpleName().equals("package-info"))
        .toList();
  }

  @Test
  void noLayerDependsOnAHigherOne() {
    Set<String> upwards = new TreeSet<>();
    for (JavaClass type : core()) {
      for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
        JavaClass target = dependency.getTargetClass().getBaseComponentType();
        if ((target.getPackageName() + ".").startsWith(CORE + ".")
            && layer(target).compareTo(layer(type)) > 0) {
          upwards.add(
              "%s (%s) -> %s (%s)"
                  .formatted(outermost(type), layer(type), outermost(target), layer(target)));
        }
      }
    }
    assertThat(upwards).isEmpty();
  }

  @Test
  void whatRunsModelsReadsNoDataSets() {
    assertThat(core())
        .filteredOn(type -> Set.of(Layer.MODELS, Layer.INFERENCE).contains(layer(type)))
        .allSatisfy(
            type ->
                assertThat(type.getDirectDependenciesFromSelf())
                    .extracting(Dependency::getTargetClass)
                    .map(JavaClass::getBaseComponentType)
                    .filteredOn(target -> target.getPackageName().startsWith(CORE + "."))
                    .noneMatch(target -> layer(target) == Layer.DATA));
  }

  @ParameterizedTest
  @EnumSource
  void aModuleHasThePackagesOfItsLayer(Layer layer) throws IOException {
    Path sources = Path.of("..", "core", layer.folder(), "src", "main", "java");
    try (Stream<Path> files = Files.walk(sources)) {
      assertThat(files.filter(file -> file.toString().endsWith(".java")))
          .isNotEmpty()
          .allSatisfy(
              file -> {
                String name = sources.relativize(file.getParent()).toString().replace('/', '.');
                assertThat(layer.has(name.equals(CORE) ? "" : name.substring(CORE.length() + 1)))
                    .as(name)
                    .isTrue();
              });
    }
  }

  @Test
  void everyLayerHasTypes() {
    assertThat(Stream.of(Layer.values()))
        .allSatisfy(
            layer -> assertThat(core().stream().filter(type -> layer(type) == layer)).isNotEmpty());
  }
}
