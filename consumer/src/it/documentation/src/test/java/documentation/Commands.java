package documentation;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the commands on the pages refer to. */
final class Commands {

  private static final Pattern MAIN = Pattern.compile("\\bio\\.adapt4j(?:\\.\\w+)*\\.([A-Z]\\w*)");
  private static final Pattern SOURCE = Pattern.compile("\\b[\\w/]+/studies/\\w+\\.java");
  private static final Pattern MODULES = Pattern.compile("-pl (\\S+)");
  private static final Pattern ADAPT4J =
      Pattern.compile("^adapt4j (\\w[\\w-]*)", Pattern.MULTILINE);

  private static final Set<String> COMMANDS =
      Set.of(
          "inspect",
          "validate",
          "preview",
          "plan",
          "find-rate",
          "train",
          "generate",
          "chat",
          "complete",
          "embed",
          "feedback",
          "rag",
          "eval",
          "download",
          "export",
          "serve",
          "mcp",
          "studio",
          "transcribe",
          "merge",
          "repeat",
          "delete",
          "doctor",
          "help");

  private Commands() {}

  /** Returns the classes, modules and commands in a shell block that do not exist. */
  static List<String> missing(String text, Path root) {
    List<String> missing = new ArrayList<>();
    Matcher main = MAIN.matcher(text);
    while (main.find()) {
      String file = main.group().replace('.', '/') + ".java";
      boolean exists = false;
      for (String module :
          List.of("examples", "benchmarks", "cli", "verification", "scale/spark")) {
        exists |= Files.exists(root.resolve(module).resolve("src/main/java").resolve(file));
      }
      // Programs that need Spark, which its module has for tests only.
      exists |= Files.exists(root.resolve("scale/spark/src/test/java").resolve(file));
      if (!exists) {
        missing.add(main.group());
      }
    }
    Matcher source = SOURCE.matcher(text);
    while (source.find()) {
      if (!Files.exists(root.resolve(source.group()))) {
        missing.add(source.group());
      }
    }
    Matcher modules = MODULES.matcher(text);
    while (modules.find()) {
      for (String module : modules.group(1).split(",")) {
        if (!Files.exists(root.resolve(module).resolve("pom.xml"))) {
          missing.add("-pl " + module);
        }
      }
    }
    Matcher command = ADAPT4J.matcher(text);
    while (command.find()) {
      if (!COMMANDS.contains(command.group(1))) {
        missing.add(command.group());
      }
    }
    return missing;
  }
}
