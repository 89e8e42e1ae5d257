package io.adapt4j.benchmarks.suite;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The classes of a package and of those below it that can be started, except nested ones (parts of
 * their program), found where this class itself lies.
 */
final class MainClasses {

  private static final String SUFFIX = ".class";

  private MainClasses() {}

  static List<Class<?>> of(String packageName) {
    try {
      Path place =
          Path.of(MainClasses.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      if (Files.isDirectory(place)) {
        return of(packageName, place);
      }
      try (FileSystem jar = FileSystems.newFileSystem(place)) {
        return of(packageName, jar.getPath("/"));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("The classes of " + packageName + " cannot be listed", e);
    } catch (URISyntaxException e) {
      throw new IllegalStateException("The place of the classes is no path", e);
    }
  }

  private static List<Class<?>> of(String packageName, Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root.resolve(packageName.replace('.', '/')))) {
      return files
          .map(file -> root.relativize(file).toString())
          .filter(name -> name.endsWith(SUFFIX) && !name.contains("$"))
          .filter(name -> !name.endsWith("package-info" + SUFFIX))
          .map(name -> name.substring(0, name.length() - SUFFIX.length()).replace('/', '.'))
          .<Class<?>>map(MainClasses::load)
          .filter(MainClasses::starts)
          .sorted(Comparator.comparing(Class::getSimpleName))
          .toList();
    }
  }

  private static Class<?> load(String name) {
    try {
      return Class.forName(name, false, MainClasses.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean starts(Class<?> type) {
    try {
      return Modifier.isStatic(type.getDeclaredMethod("main", String[].class).getModifiers());
    } catch (NoSuchMethodException e) {
      return false;
    }
  }
}
