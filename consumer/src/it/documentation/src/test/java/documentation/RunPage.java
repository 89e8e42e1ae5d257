package documentation;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Runs the snippets of a page, in a JVM with nothing but what the page names. */
final class RunPage {

  /** Precedes what is wrong, a line a snippet. */
  static final String FAILED = "FAILED ";

  private RunPage() {}

  /**
   * Runs a page.
   *
   * @param arguments the project's root and the page's name
   */
  public static void main(String[] arguments) {
    Page page =
        Page.all(Path.of(arguments[0])).stream()
            .filter(each -> each.name().equals(arguments[1]))
            .findFirst()
            .orElseThrow();
    page.snippets().stream().filter(Snippet::runs).forEach(RunPage::run);
    System.exit(0);
  }

  private static void run(Snippet snippet) {
    try (Fixtures fixtures = new Fixtures()) {
      Method method =
          Stream.of(Class.forName(snippet.className()).getMethods())
              .filter(each -> each.getName().equals("run"))
              .findFirst()
              .orElseThrow();
      Object[] given = Stream.of(method.getParameters()).map(fixtures::value).toArray();
      method.invoke(null, given);
    } catch (InvocationTargetException e) {
      // A build without a C++ compiler lacks these kernels, and says so.
      if (!String.valueOf(e.getCause().getMessage()).contains("need the kernels in C++")) {
        failed(snippet, e.getCause());
      }
    } catch (Exception | LinkageError e) {
      failed(snippet, e);
    }
  }

  private static void failed(Snippet snippet, Throwable why) {
    why.printStackTrace();
    System.out.println("\n" + FAILED + snippet.name() + ": " + why.toString().replace('\n', ' '));
  }
}
