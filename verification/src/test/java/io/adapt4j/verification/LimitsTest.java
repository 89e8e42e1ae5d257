package io.adapt4j.verification;

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

  /** Wide interfaces to native memory and to Spark's parameters, and registries of all families. */
  private static final Map<String, Integer> EXCEPTIONS = Map.of();

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
        .filter(size -> size.getValue() > EXCEPTIONS.getOrDefault(size.getKey(), limit))
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
