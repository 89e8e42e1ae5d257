package io.adapt4j.verification;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The public API of the modules: every public type outside of internal packages, with its public
 * and protected members.
 *
 * <p>The lists stand in {@code src/test/api}, one file per module, so that a change of the API is a
 * visible difference. {@code -Dadapt4j.api.write=true} rewrites them.
 */
class PublicApiTest {

  private static final String BASE = "io.adapt4j.";

  /** Types of the library that are not for applications, and of libraries that may be replaced. */
  private static final Pattern FOREIGN =
      Pattern.compile(
          "\\b(io\\.adapt4j\\.\\w+(\\.\\w+)*\\.internal\\.|com\\.fasterxml|ai\\.djl)[\\w.]*");

  private static final Set<String> ROOTS = Set.of("Object", "Record", "Enum");
  private static final Set<String> OF_EVERY_CLASS =
      Set.of("boolean equals(Object)", "int hashCode()", "String toString()");

  /** The most public types of all modules together. Lower it when there are fewer. */
  private static final int MOST_TYPES = 522;

  /** The most public types whose signatures name a type of {@link #FOREIGN}. Lower it likewise. */
  private static final int MOST_LEAKS = 0;

  private static final JavaClasses classes = ImportedClasses.all();

  /** The member types that anybody can see, by the type that they stand in. */
  private static final Map<JavaClass, List<JavaClass>> INNER =
      classes.stream()
          .filter(inner -> inner.getEnclosingClass().isPresent())
          .filter(inner -> inner.isMemberClass() && isOpen(inner.getModifiers()))
          .sorted((a, b) -> a.getName().compareTo(b.getName()))
          .collect(Collectors.groupingBy(inner -> inner.getEnclosingClass().orElseThrow()));

  private static final Map<String, List<String>> APIS = new HashMap<>();

  static final String MODULES =
      "jinja core kernels lora qlora gguf structured vision speech tools serve parquet rag federated spark"
          + " langchain4j spring eval upkeep studio cli";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jinja",
        "core",
        "kernels",
        "lora",
        "qlora",
        "gguf",
        "structured",
        "vision",
        "speech",
        "tools",
        "serve",
        "parquet",
        "rag",
        "federated",
        "spark",
        "langchain4j",
        "spring",
        "eval",
        "upkeep",
        "studio",
        "cli"
      })
  void theApiIsTheOneThatIsListed(String module) throws IOException {
    Path list = Path.of("src", "test", "api", module + ".txt");
    List<String> api = api(module);
    if (Boolean.getBoolean("adapt4j.api.write")) {
      Files.createDirectories(list.getParent());
      Files.write(list, api);
    }
    assertThat(api)
        .as(
            "public API of module %s. If the change is wanted, write the list anew with"
                + " -Dadapt4j.api.write=true and name the change in CHANGELOG and UPGRADING",
            module)
        .isEqualTo(Files.exists(list) ? Files.readAllLines(list) : List.of());
  }

  @Test
  void theApiStaysSmall() {
    List<String> types =
        Stream.of(MODULES.split(" ", -1))
            .flatMap(PublicApiTest::types)
            .map(JavaClass::getName)
            .toList();
    System.out.println("Public top-level types: " + types.size());
    assertThat(types).hasSizeLessThanOrEqualTo(MOST_TYPES);
  }

  @Test
  void signaturesNameNoInternalJacksonOrDjlType() {
    Set<String> leaks = new TreeSet<>();
    for (String module : MODULES.split(" ", -1)) {
      String type = "";
      for (String line : api(module)) {
        type = line.startsWith(" ") || line.isEmpty() ? type : line;
        if (FOREIGN.matcher(line).find()) {
          leaks.add(type);
        }
      }
    }
    System.out.println("Public types that name internal types: " + leaks.size());
    assertThat(leaks).hasSizeLessThanOrEqualTo(MOST_LEAKS);
  }

  private static Stream<JavaClass> types(String module) {
    return classes.stream()
        .filter(
            type ->
                type.getPackageName().equals(BASE + module)
                    || type.getPackageName().startsWith(BASE + module + "."))
        .filter(type -> !("." + type.getPackageName() + ".").contains(".internal."))
        .filter(type -> type.isTopLevelClass() && type.getModifiers().contains(JavaModifier.PUBLIC))
        .sorted((a, b) -> a.getName().compareTo(b.getName()));
  }

  private static List<String> api(String module) {
    return APIS.computeIfAbsent(
        module,
        name -> {
          List<String> lines = new ArrayList<>();
          types(name).forEach(type -> add(type, "", lines));
          return lines;
        });
  }

  private static void add(JavaClass type, String indent, List<String> lines) {
    lines.add(indent + declaration(type));
    Set<String> members = new TreeSet<>();
    for (JavaField field : type.getFields()) {
      if (isOpen(field.getModifiers())) {
        members.add(
            modifiers(field.getModifiers()) + name(field.getType()) + " " + field.getName());
      }
    }
    for (JavaCodeUnit unit : type.getCodeUnits()) {
      if (isOpen(unit.getModifiers()) && !unit.getName().equals("<clinit>")) {
        members.add(signature(unit));
      }
    }
    hiddenParents(type)
        .flatMap(parent -> parent.getMethods().stream())
        .filter(method -> isOpen(method.getModifiers()))
        .forEach(method -> members.add(signature(method)));
    members.removeAll(OF_EVERY_CLASS);
    members.forEach(member -> lines.add(indent + "  " + member));
    INNER.getOrDefault(type, List.of()).forEach(inner -> add(inner, indent + "  ", lines));
  }

  /** Classes that are not public, whose public methods belong to those that extend them. */
  private static Stream<JavaClass> hiddenParents(JavaClass type) {
    return type.getAllRawSuperclasses().stream()
        .filter(parent -> parent.getPackageName().startsWith(BASE))
        .filter(parent -> !parent.getModifiers().contains(JavaModifier.PUBLIC));
  }

  private static String declaration(JavaClass type) {
    String kind =
        type.isAnnotation()
            ? "@interface"
            : type.isInterface()
                ? "interface"
                : type.isEnum() ? "enum" : type.isRecord() ? "record" : "class";
    String parents =
        Stream.concat(
                type.getSuperclass().stream()
                    .filter(parent -> hiddenParents(type).noneMatch(parent.toErasure()::equals)),
                type.getInterfaces().stream())
            .map(PublicApiTest::name)
            .filter(name -> !ROOTS.contains(name))
            .sorted()
            .collect(Collectors.joining(", "));
    String modifiers = kind.equals("class") ? modifiers(type.getModifiers()) : "";
    return modifiers + kind + " " + type.getName() + (parents.isEmpty() ? "" : " : " + parents);
  }

  private static String signature(JavaCodeUnit unit) {
    String parameters =
        unit.getParameterTypes().stream()
            .map(PublicApiTest::name)
            .collect(Collectors.joining(", ", "(", ")"));
    return unit.isConstructor()
        ? modifiers(unit.getModifiers()) + "new" + parameters
        : modifiers(unit.getModifiers())
            + name(unit.getReturnType())
            + " "
            + unit.getName()
            + parameters;
  }

  private static boolean isOpen(Set<JavaModifier> modifiers) {
    return !modifiers.contains(JavaModifier.SYNTHETIC)
        && !modifiers.contains(JavaModifier.BRIDGE)
        && (modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED));
  }

  private static String modifiers(Set<JavaModifier> modifiers) {
    return Stream.of(JavaModifier.PROTECTED, JavaModifier.STATIC, JavaModifier.ABSTRACT)
        .filter(modifiers::contains)
        .map(modifier -> modifier.name().toLowerCase(Locale.ROOT) + " ")
        .collect(Collectors.joining());
  }

  /** The generic type as it is written in Java. */
  private static String name(JavaType type) {
    return type.getName().replace("java.lang.", "");
  }
}
