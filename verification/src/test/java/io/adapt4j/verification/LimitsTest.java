package io.adapt4j.verification;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Sizes that a reader can hold in mind: members of a type, parameters of a signature, types of a
 * package, and types that a type uses. Exceptions name their own limit, which only falls.
 */
class LimitsTest {

  private static final int MEMBERS = 60;
  private static final int PARAMETERS = 8;
  private static final int COMPONENTS = 12;
  private static final int TYPES = 50;
  private static final int USED_TYPES = 40;

  /** Exceptions by name, and the most that each may have. */
  private static final Map<String, Integer> EXCEPTIONS =
      Map.ofEntries(
          // Registries, and the entry points that bring everything together.
          entry("io.adapt4j.core.internal.nn.family.Families", 80),
          entry("io.adapt4j.core.internal.task.TaskRunner", 51),
          entry("io.adapt4j.core.finetune.FineTuner", 41),
          // A class a command, and one for options that commands share.
          entry("io.adapt4j.cli", 54),
          // Tables of fields that a family's configuration and a tensor's storage have.
          entry("io.adapt4j.core.internal.nn.family.common.LlamaLike", 85),
          entry("io.adapt4j.gguf.internal.family.LlamaLike", 74),
          entry("io.adapt4j.gguf.internal.family.FamilyDeclaration", 61),
          entry("io.adapt4j.core.internal.tensor.Tensor", 76),
          // A parameter of Spark is a field and two methods.
          entry("io.adapt4j.spark.ml.AdapterEstimator", 69),
          entry("io.adapt4j.core.inspect.ModelInfo.<init>", 12),
          entry("io.adapt4j.core.internal.nn.EncoderDecoder.<init>", 9),
          entry("io.adapt4j.core.internal.tensor.op.SinkOps.cached", 9),
          entry("io.adapt4j.eval.task.RowTask.<init>", 9),
          entry("io.adapt4j.gguf.internal.family.EncoderFamily.facts", 10),
          entry("io.adapt4j.kernels.internal.CpuDecoderSteps.<init>", 11),
          entry("io.adapt4j.kernels.internal.StepWriter.norm", 11),
          entry("io.adapt4j.kernels.internal.cuda.DeviceQuantizer.quantize", 9),
          entry("io.adapt4j.serve.internal.gateway.Gateway.<init>", 9),
          // Records of settings and of a run's figures.
          entry("io.adapt4j.core.internal.config.DecoderConfig", 16),
          entry("io.adapt4j.core.internal.plan.RunPlan", 17),
          entry("io.adapt4j.core.internal.recipe.FineTuneSettings", 24),
          entry("io.adapt4j.core.internal.train.TrainingOptions", 13),
          entry("io.adapt4j.core.internal.train.TrainingResult", 16),
          entry("io.adapt4j.core.text.ChatSettings", 14),
          entry("io.adapt4j.core.train.StepEvent", 14),
          entry("io.adapt4j.eval.advise.Requirements", 14),
          entry("io.adapt4j.federated.FederatedSettings", 17),
          entry("io.adapt4j.lora.AdapterConfig", 17),
          entry("io.adapt4j.rag.index.LuceneOptions", 14));

  /** Bindings of C++ functions, whose signatures are C's. */
  private static final String BINDINGS = "io.adapt4j.kernels.internal.cpu";

  private static List<JavaClass> classes() {
    return ImportedClasses.all().stream()
        .filter(type -> !type.getPackageName().contains("jmh_generated"))
        .toList();
  }

  private static boolean isWritten(JavaMember member) {
    return !member.getModifiers().contains(JavaModifier.SYNTHETIC)
        && !member.getName().contains("lambda$");
  }

  private static String topLevel(JavaClass type) {
    return type.getBaseComponentType().getName().replaceFirst("\\$.*", "");
  }

  private static Map<String, Long> above(int limit, Map<String, Long> sizes) {
    return sizes.entrySet().stream()
        .filter(
            size -> size.getValue() > Math.max(limit, EXCEPTIONS.getOrDefault(size.getKey(), 0)))
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue, Long::max, TreeMap::new));
  }

  @Test
  void aTypeHasFewMembers() {
    Map<String, Long> members = new TreeMap<>();
    for (JavaClass type : classes()) {
      members.put(type.getName(), type.getMembers().stream().filter(LimitsTest::isWritten).count());
    }
    assertThat(above(MEMBERS, members)).isEmpty();
  }

  @Test
  void aSignatureHasFewParameters() {
    Map<String, Long> parameters = new TreeMap<>();
    Map<String, Long> components = new TreeMap<>();
    for (JavaClass type : classes()) {
      for (JavaCodeUnit unit : type.getCodeUnits()) {
        boolean canonical = type.isRecord() && unit.isConstructor();
        if (isWritten(unit) && !type.getPackageName().equals(BINDINGS)) {
          (canonical ? components : parameters)
              .merge(
                  canonical ? type.getName() : type.getName() + "." + unit.getName(),
                  (long) unit.getRawParameterTypes().size(),
                  Long::max);
        }
      }
    }
    assertThat(above(PARAMETERS, parameters)).isEmpty();
    assertThat(above(COMPONENTS, components)).isEmpty();
  }

  @Test
  void aPackageHasFewTypes() {
    Map<String, Set<String>> types = new TreeMap<>();
    for (JavaClass type : classes()) {
      types.computeIfAbsent(type.getPackageName(), name -> new TreeSet<>()).add(topLevel(type));
    }
    Map<String, Long> sizes = new TreeMap<>();
    types.forEach((name, found) -> sizes.put(name, (long) found.size()));
    assertThat(above(TYPES, sizes)).isEmpty();
  }

  @Test
  void aTypeUsesFewOthers() {
    Map<String, Set<String>> used = new TreeMap<>();
    for (JavaClass type : classes()) {
      Set<String> others = used.computeIfAbsent(topLevel(type), name -> new TreeSet<>());
      for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
        String other = topLevel(dependency.getTargetClass());
        if (other.startsWith("io.adapt4j.") && !other.equals(topLevel(type))) {
          others.add(other);
        }
      }
    }
    Map<String, Long> sizes = new TreeMap<>();
    used.forEach((name, others) -> sizes.put(name, (long) others.size()));
    assertThat(above(USED_TYPES, sizes)).isEmpty();
  }
}
