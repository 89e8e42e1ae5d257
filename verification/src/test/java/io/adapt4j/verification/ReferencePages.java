package io.adapt4j.verification;

import com.sun.source.doctree.DocTree;
import com.sun.source.doctree.LinkTree;
import com.sun.source.doctree.LiteralTree;
import com.sun.source.doctree.ReturnTree;
import com.sun.source.doctree.ValueTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import io.adapt4j.cli.Adapt4j;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.internal.recipe.Option;
import io.adapt4j.core.internal.task.TaskDefinitions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.serve.ModelServer;
import io.adapt4j.serve.version.VersionedModel;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * Writes the reference of the site from the code: {@code ReferencePages FOLDER}. Commands come from
 * their declarations, keys from the options of a run, options and metrics of the Java API from
 * their Javadoc, and the server's metrics from a server.
 */
public final class ReferencePages {

  /** Methods of fine-tuning, which are changed by copies instead of a builder. */
  private static final Set<String> METHODS =
      Set.of("Lora", "QLora", "Ia3", "Miss", "Shira", "Oft", "FullFineTuning");

  private ReferencePages() {}

  /**
   * Writes the pages.
   *
   * @param arguments the folder
   * @throws Exception if the folder cannot be written or the server does not answer
   */
  public static void main(String[] arguments) throws Exception {
    Path folder = Files.createDirectories(Path.of(arguments[0]));
    Files.writeString(folder.resolve("commands.md"), commands());
    Files.writeString(folder.resolve("run-options.md"), runOptions());
    Files.writeString(folder.resolve("java-options.md"), javaOptions());
    Files.writeString(folder.resolve("metrics.md"), metrics());
  }

  static String commands() {
    StringBuilder page = new StringBuilder("# All commands\n\n");
    page.append(
        "`adapt4j COMMAND --help` prints the same. [How they are used](../../docs/cli.md).\n");
    CommandLine all = new CommandLine(Adapt4j.class).setUsageHelpWidth(100);
    all.getSubcommands().values().forEach(command -> addCommand(page, command));
    return page.toString();
  }

  private static void addCommand(StringBuilder page, CommandLine command) {
    CommandSpec spec = command.getCommandSpec();
    Help help = new Help(spec, Help.defaultColorScheme(Help.Ansi.OFF));
    page.append("\n## ").append(spec.qualifiedName()).append("\n\n");
    page.append(escaped(help.description().replaceAll("\\s+", " ").strip())).append("\n\n");
    page.append("```\n").append(help.synopsis(0).strip()).append("\n```\n");
    Map<String, String> rows = new LinkedHashMap<>();
    for (PositionalParamSpec given : spec.positionalParameters()) {
      rows.put("`" + given.paramLabel() + "`", described(given));
    }
    for (OptionSpec option : spec.options()) {
      if (!option.hidden() && !option.usageHelp() && !option.versionHelp()) {
        String label = option.arity().max() == 0 ? "" : " " + option.paramLabel();
        rows.put("`" + String.join("`, `", option.names()) + label + "`", described(option));
      }
    }
    addTable(page, "option", rows);
    command.getSubcommands().values().forEach(part -> addCommand(page, part));
  }

  private static String described(ArgSpec argument) {
    String text = String.join(" ", argument.description()).replace("%n", " ").replace("%%", "%");
    return escaped(text) + (argument.required() ? " Required." : "");
  }

  static String runOptions() {
    return """
        # All keys of a description

        A [description](../../docs/cli.md#the-description) has these keys; the builder of `FineTuner` has setters of
        these names.

        | key | value | default | what it does |
        | --- | --- | --- | --- |
        """
        + TaskDefinitions.OPTIONS.stream()
            .map(Option::row)
            // Its links are those of the page that has the same table.
            .map(row -> row.replaceAll("\\]\\((\\w[\\w-]*\\.md)", "](../../docs/$1"))
            .collect(Collectors.joining("\n"))
        + "\n";
  }

  static String javaOptions() throws IOException {
    StringBuilder page = new StringBuilder("# All options in Java\n\n");
    page.append("Types, defaults and limits are in the Javadoc.\n");
    sentences(
            (type, method) ->
                (type.endsWith(".Builder") || METHODS.contains(type))
                    && String.valueOf(method.getReturnType())
                        .matches("(\\w+\\.)?" + type.replaceFirst(".*\\.", "") + "(<.*>)?|B")
                    && !method.getModifiers().getFlags().contains(Modifier.STATIC))
        .forEach(
            (type, rows) -> {
              page.append("\n## ").append(type).append('\n');
              addTable(page, "option", rows);
            });
    return page.toString();
  }

  static String metrics() throws IOException, InterruptedException {
    StringBuilder page =
        new StringBuilder("# All metrics\n\n## Of texts, classes and rankings\n\n");
    page.append("Methods of `Metrics`. [What they equal](../../docs/metrics.md).\n");
    Map<String, Map<String, String>> all =
        sentences(
            (type, method) ->
                type.equals("Metrics")
                    && method.getModifiers().getFlags().contains(Modifier.STATIC));
    all.values().forEach(rows -> addTable(page, "metric", rows));
    page.append("\n## Of a server\n\nAt [`GET /metrics`](../../docs/serve.md).\n");
    Map<String, String> rows = new LinkedHashMap<>();
    String served = served();
    for (String line : served.lines().toList()) {
      String[] words = line.split(" ", 4);
      if (line.startsWith("# HELP")) {
        rows.put("`" + words[2] + "`", words[3]);
      } else if (line.startsWith("# TYPE")) {
        rows.merge("`" + words[2] + "`", words[3], (help, type) -> help + " A " + type + ".");
      }
    }
    addTable(page, "metric", rows);
    return page.toString();
  }

  /** Returns the metrics of a server that has answered once, with a copy for a challenger. */
  private static String served() throws IOException, InterruptedException {
    Path folder = ExampleFiles.example("models/stories260K");
    try (LanguageModel model = LanguageModel.load(ModelSource.path(folder));
        ModelServer server =
            ModelServer.builder().model("stories", challenged(model)).port(0).start()) {
      HttpClient client = HttpClient.newHttpClient();
      String asked = "{\"model\": \"stories\", \"prompt\": \"Once\", \"max_tokens\": 2}";
      client.send(
          HttpRequest.newBuilder(server.address().resolve("/v1/completions"))
              .header("Content-Type", "application/json")
              .POST(BodyPublishers.ofString(asked))
              .build(),
          BodyHandlers.discarding());
      HttpRequest metrics = HttpRequest.newBuilder(server.address().resolve("/metrics")).build();
      for (int i = 0; i < 300; i++) {
        String text = client.send(metrics, BodyHandlers.ofString()).body();
        if (text.contains("_shadow_")) {
          return text;
        }
        Thread.sleep(100);
      }
      throw new IllegalStateException("The server counted no copy.");
    }
  }

  private static VersionedModel challenged(LanguageModel model) {
    return new VersionedModel() {
      @Override
      public Version version(String key) {
        return new Version(model, "stories@1", () -> {});
      }

      @Override
      public Optional<Version> shadow() {
        return Optional.of(new Version(model, "stories@2", () -> {}));
      }
    };
  }

  /** Returns the first sentences of public methods by type and method. */
  private static Map<String, Map<String, String>> sentences(
      BiPredicate<String, MethodTree> isWanted) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    Path[] published =
        Stream.of(JavadocTest.sources())
            .filter(file -> !file.toString().contains("internal"))
            .toArray(Path[]::new);
    Map<String, Map<String, String>> found = new TreeMap<>();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      JavacTask task =
          (JavacTask)
              compiler.getTask(
                  null,
                  files,
                  null,
                  List.of("-proc:none"),
                  null,
                  files.getJavaFileObjects(published));
      DocTrees trees = DocTrees.instance(task);
      for (CompilationUnitTree unit : task.parse()) {
        new TreePathScanner<Void, String>() {
          @Override
          public Void visitClass(ClassTree type, String around) {
            String name = around + type.getSimpleName();
            return type.getModifiers().getFlags().contains(Modifier.PUBLIC)
                ? super.visitClass(type, name + ".")
                : null;
          }

          @Override
          public Void visitMethod(MethodTree method, String around) {
            String type = around.substring(0, around.length() - 1);
            TreePath path = getCurrentPath();
            if (method.getModifiers().getFlags().contains(Modifier.PUBLIC)
                && isWanted.test(type, method)
                && trees.getDocCommentTree(path) != null) {
              String parameters =
                  method.getParameters().stream()
                      .map(parameter -> parameter.getName().toString())
                      .collect(Collectors.joining(", "));
              found
                  .computeIfAbsent(type, key -> new LinkedHashMap<>())
                  .put(
                      "`" + method.getName() + "(" + parameters + ")`",
                      firstSentence(text(trees.getDocCommentTree(path).getFullBody())));
            }
            return null;
          }
        }.scan(unit, "");
      }
    }
    return found;
  }

  private static String firstSentence(String text) {
    return text.replaceFirst("(?<! al| eq)\\. .*", ".");
  }

  /** Writes Javadoc as Markdown. */
  private static String text(List<? extends DocTree> parts) {
    StringBuilder text = new StringBuilder();
    for (DocTree part : parts) {
      if (part instanceof LiteralTree literal) {
        text.append('`').append(literal.getBody()).append('`');
      } else if (part instanceof LinkTree link) {
        String label = text(link.getLabel());
        String to = link.getReference().getSignature().replaceFirst("^#", "").replace('#', '.');
        text.append('`').append(label.isEmpty() ? to : label.replace("`", "")).append('`');
      } else if (part instanceof ValueTree constant) {
        String named = constant.getReference().getSignature();
        text.append('`').append(named.substring(named.indexOf('#') + 1)).append('`');
      } else if (part instanceof ReturnTree value) {
        String words = text(value.getDescription());
        text.append(words.substring(0, 1).toUpperCase(Locale.ROOT))
            .append(words, 1, words.length())
            .append('.');
      } else {
        text.append(escaped(part.toString()));
      }
    }
    return text.toString().replaceAll("\\s+", " ").strip();
  }

  private static void addTable(StringBuilder page, String first, Map<String, String> rows) {
    if (!rows.isEmpty()) {
      page.append("\n| ").append(first).append(" | what it does |\n| --- | --- |\n");
      rows.forEach(
          (name, text) ->
              page.append("| ")
                  .append(name.replace("|", "\\|"))
                  .append(" | ")
                  .append(text.replace("|", "\\|"))
                  .append(" |\n"));
    }
  }

  private static String escaped(String text) {
    return text.replace("<", "&lt;").replace("{{", "&#123;&#123;").replace("*", "\\*");
  }
}
