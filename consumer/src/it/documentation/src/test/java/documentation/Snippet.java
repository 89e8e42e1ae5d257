package documentation;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A block of Java on a page.
 *
 * @param page the page's name relative to the project's root
 * @param line the line of the page where the code begins, from 1
 * @param directive what the comment {@code <!-- snippet: ... -->} before it says, "" without one
 * @param code the code
 * @param imports the imports of the page, a line each
 */
record Snippet(String page, int line, String directive, String code, List<String> imports) {

  private static final Pattern IMPORT = Pattern.compile("^import [^;]+;$", Pattern.MULTILINE);
  private static final Pattern GIVEN = Pattern.compile("given ([^;]+(?:;|$))");

  /** Returns the name that a test report shows. */
  String name() {
    return page + ":" + line;
  }

  /** Returns the name of the class that the snippet is compiled as. */
  String className() {
    return page.replaceAll("\\W", "_") + "_" + line;
  }

  /** Returns whether the code is to be run after it is compiled. */
  boolean runs() {
    return directive.matches("(?s).*\\brun\\b.*");
  }

  /** Returns why the snippet is not compiled here: the test that covers it, or "". */
  String coveredBy() {
    Matcher matcher = Pattern.compile("covered by (\\S+)").matcher(directive);
    return matcher.find() ? matcher.group(1) : "";
  }

  /**
   * Returns the source of a class with the snippet in a method {@code run} whose parameters are
   * what the page takes as given. Line {@code n} of the snippet is line {@code firstLine() + n -
   * 1}.
   */
  String source() {
    StringBuilder source = new StringBuilder();
    for (String line : allImports()) {
      source.append(line).append('\n');
    }
    source.append("@SuppressWarnings(\"all\")\npublic class ").append(className()).append(" {\n");
    String body = IMPORT.matcher(code).replaceAll("");
    if (body.strip().startsWith("public ")) {
      source.append("  ").append(body.strip().replaceFirst("^public ", "public static "));
      return source.append("\n}\n").toString();
    }
    source.append("  public static void run(").append(given()).append(") throws Exception {\n");
    return source.append(body).append("\n  }\n}\n").toString();
  }

  /** Returns the line of {@link #source()} at which the snippet begins. */
  int firstLine() {
    return allImports().size() + 4;
  }

  private List<String> allImports() {
    List<String> all = new ArrayList<>(imports);
    Matcher matcher = IMPORT.matcher(code);
    while (matcher.find()) {
      if (!all.contains(matcher.group())) {
        all.add(matcher.group());
      }
    }
    return all;
  }

  private String given() {
    Matcher matcher = GIVEN.matcher(directive);
    return matcher.find() ? matcher.group(1).replaceAll(";$", "").strip() : "";
  }
}
