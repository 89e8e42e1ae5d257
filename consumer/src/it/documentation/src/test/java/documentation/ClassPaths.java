package documentation;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/**
 * Class paths of projects that have some artifacts and what these bring: of the jars of this
 * project, those that the POM files beside them lead to.
 */
final class ClassPaths {

  /** Maven adds libtorch by the platform, not by a dependency of a POM file. */
  private static final String LIBTORCH = "ai.djl.pytorch:";

  private final Map<String, Jar> jars = new LinkedHashMap<>();
  private final Set<Path> repositories = new LinkedHashSet<>();
  private final Map<Path, Document> poms = new HashMap<>();

  private record Jar(Path pom, List<Path> files) {}

  private ClassPaths() {}

  /** Reads the class path of this JVM. */
  static ClassPaths ofThisProject() {
    ClassPaths paths = new ClassPaths();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      Path jar = Path.of(entry);
      if (entry.endsWith(".jar")) {
        paths.add(jar.toAbsolutePath());
      }
    }
    return paths;
  }

  private void add(Path jar) {
    Path version = jar.getParent();
    String artifact = version.getParent().getFileName().toString();
    Path pom = version.resolve(artifact + "-" + version.getFileName() + ".pom");
    if (!Files.exists(pom)) {
      return;
    }
    String group = group(read(pom));
    Path repository = version.getParent().getParent();
    for (int i = 0; i < group.split("\\.").length; i++) {
      repository = repository.getParent();
    }
    repositories.add(repository);
    jars.computeIfAbsent(group + ":" + artifact, key -> new Jar(pom, new ArrayList<>()))
        .files()
        .add(jar);
  }

  /** Returns the class path of a project with artifacts, each {@code group:artifact}. */
  String of(Set<String> artifacts) {
    Set<String> reached = new LinkedHashSet<>();
    Deque<String> open = new ArrayDeque<>(artifacts);
    jars.keySet().stream().filter(key -> key.startsWith(LIBTORCH)).forEach(open::add);
    while (!open.isEmpty()) {
      String artifact = open.pop();
      Jar jar = jars.get(artifact);
      if (jar != null && reached.add(artifact)) {
        open.addAll(dependencies(jar.pom()));
      }
    }
    return reached.stream()
        .flatMap(artifact -> jars.get(artifact).files().stream())
        .map(Path::toString)
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** Returns whether this project has an artifact. */
  boolean has(String artifact) {
    return jars.containsKey(artifact);
  }

  private List<String> dependencies(Path pom) {
    List<Document> chain = chain(pom);
    Map<String, String> managed = new HashMap<>();
    for (Document document : chain) {
      children(document.getDocumentElement(), "dependencyManagement")
          .flatMap(ClassPaths::dependencies)
          .forEach(
              dependency ->
                  managed.putIfAbsent(key(dependency, document), text(dependency, "scope")));
    }
    List<String> direct = new ArrayList<>();
    for (Document document : chain) {
      dependencies(document.getDocumentElement())
          .filter(dependency -> !text(dependency, "optional").equals("true"))
          .filter(
              dependency -> {
                String own = text(dependency, "scope");
                String scope =
                    own.isEmpty() ? managed.getOrDefault(key(dependency, document), "") : own;
                return Set.of("", "compile", "runtime").contains(scope);
              })
          .forEach(dependency -> direct.add(key(dependency, document)));
    }
    return direct;
  }

  /** A POM file and those above it. */
  private List<Document> chain(Path pom) {
    List<Document> chain = new ArrayList<>(List.of(read(pom)));
    Element parent = child(chain.get(0).getDocumentElement(), "parent");
    while (parent != null) {
      String artifact = text(parent, "artifactId");
      String version = text(parent, "version");
      String file =
          text(parent, "groupId").replace('.', '/')
              + "/%s/%s/%s-%s.pom".formatted(artifact, version, artifact, version);
      Document above =
          repositories.stream()
              .map(repository -> repository.resolve(file))
              .filter(Files::exists)
              .findFirst()
              .map(this::read)
              .orElse(null);
      if (above == null) {
        return chain;
      }
      chain.add(above);
      parent = child(above.getDocumentElement(), "parent");
    }
    return chain;
  }

  private static String key(Element dependency, Document pom) {
    String group = text(dependency, "groupId");
    return (group.startsWith("${") ? group(pom) : group) + ":" + text(dependency, "artifactId");
  }

  private static String group(Document pom) {
    String own = text(pom.getDocumentElement(), "groupId");
    return own.isEmpty() ? text(child(pom.getDocumentElement(), "parent"), "groupId") : own;
  }

  private static Stream<Element> dependencies(Element owner) {
    return children(owner, "dependencies").flatMap(list -> children(list, "dependency"));
  }

  private static String text(Element owner, String name) {
    Element child = owner == null ? null : child(owner, name);
    return child == null ? "" : child.getTextContent().strip();
  }

  private static Element child(Element owner, String name) {
    return children(owner, name).findFirst().orElse(null);
  }

  private static Stream<Element> children(Element owner, String name) {
    Stream.Builder<Element> found = Stream.builder();
    for (Node node = owner.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node instanceof Element element && element.getTagName().equals(name)) {
        found.add(element);
      }
    }
    return found.build();
  }

  private Document read(Path pom) {
    return poms.computeIfAbsent(
        pom,
        file -> {
          try {
            return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file.toFile());
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          } catch (ParserConfigurationException | SAXException e) {
            throw new IllegalStateException(file + ": " + e.getMessage(), e);
          }
        });
  }
}
