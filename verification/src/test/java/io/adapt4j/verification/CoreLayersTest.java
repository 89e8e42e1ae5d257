package io.adapt4j.verification;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableSet;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Layers of core: a package depends on its own layer and on lower ones. What runs a model knows
 * nothing of what trains it, and networks know nothing of data.
 */
class CoreLayersTest {

  private static final String CORE = "io.adapt4j.core";

  /** Layers from the lowest to the highest. */
  private enum Layer {
    BASE("exception", "internal", "internal.describe", "internal.http", "internal.metric"),
    TENSORS("internal.tensor"),
    FILES("hub", "internal.checkpoint", "internal.config", "model"),
    TEXT("chat", "internal.chat", "internal.tokenize", "tokenize"),
    DATA("data", "data.quality", "internal.data"),
    NETWORKS(
        "internal.method", "internal.nn", "internal.nn.*", "internal.provenance", "method", "spi"),
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
  void everyLayerHasTypes() {
    assertThat(Stream.of(Layer.values()))
        .allSatisfy(
            layer -> assertThat(core().stream().filter(type -> layer(type) == layer)).isNotEmpty());
  }
}
