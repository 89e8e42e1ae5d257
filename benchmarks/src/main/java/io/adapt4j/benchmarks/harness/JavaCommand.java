package io.adapt4j.benchmarks.harness;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/**
 * Starts a program in a JVM like this one. The class path is passed in the environment: ONNX
 * Runtime silently terminates a process with such a long command line.
 */
public final class JavaCommand {

  private JavaCommand() {}

  /**
   * Prepares a process. Passes on the class path and the system properties that begin with {@code
   * adapt4j.}.
   */
  public static ProcessBuilder of(Class<?> program, List<String> flags, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    System.getProperties().stringPropertyNames().stream()
        .filter(property -> property.startsWith("adapt4j."))
        .forEach(property -> command.add("-D" + property + "=" + System.getProperty(property)));
    command.addAll(flags);
    command.add(program.getName());
    command.addAll(arguments);
    ProcessBuilder process = new ProcessBuilder(command);
    process.environment().put("CLASSPATH", classPath(program));
    return process;
  }

  /**
   * Returns the class path. A program run from its source is compiled first, since the compiler
   * would add to what is measured of its process.
   */
  private static String classPath(Class<?> program) {
    String classPath = System.getProperty("java.class.path");
    String source = program.getProtectionDomain().getCodeSource().getLocation().toString();
    if (!source.endsWith(".java")) {
      return classPath;
    }
    Path folder = Path.of("benchmarks/target/studies");
    compile(folder, List.of(Path.of(URI.create(source)).toString()));
    return folder + File.pathSeparator + classPath;
  }

  /** Compiles sources against this process's class path. */
  public static void compile(Path folder, List<String> sources) {
    List<String> options = new ArrayList<>(List.of("-proc:none", "-nowarn", "-d"));
    options.addAll(List.of(folder.toString(), "-cp", System.getProperty("java.class.path")));
    options.addAll(sources);
    ByteArrayOutputStream messages = new ByteArrayOutputStream();
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    if (compiler.run(null, messages, messages, options.toArray(String[]::new)) != 0) {
      throw new IllegalStateException(messages.toString(StandardCharsets.UTF_8));
    }
  }
}
