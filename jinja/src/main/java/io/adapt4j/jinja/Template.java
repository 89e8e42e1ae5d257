package io.adapt4j.jinja;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A Jinja template, read and rendered as Transformers does: Jinja 3.1 in its immutable sandbox with
 * {@code trim_blocks}, {@code lstrip_blocks}, loop controls, {@code {% generation %}} blocks, a
 * {@code tojson} that escapes neither HTML nor letters, {@code raise_exception} and {@code
 * strftime_now}.
 *
 * <p>Values are numbers, strings, booleans, null, collections, arrays of objects and maps of these;
 * no other Java object is let in, and nothing is ever called by its name. Templates may come from
 * strangers: work, output and nesting are bounded. What is not supported (include, import, extends,
 * block, autoescaping, random filters) is an error, never another text.
 *
 * <p>Immutable and thread-safe.
 */
public final class Template {

  private final Source source;
  private final Body body;
  private final boolean generation;

  private Template(Source source, Body body, boolean generation) {
    this.source = source;
    this.body = body;
    this.generation = generation;
  }

  /**
   * Parses a template that errors call "template".
   *
   * @param source the template's text
   * @return the template
   * @throws TemplateException if it is not valid or uses what is not supported
   */
  public static Template parse(String source) {
    return parse("template", source);
  }

  /**
   * Parses a template.
   *
   * @param name how errors call it, such as a file name
   * @param source the template's text
   * @return the template
   * @throws TemplateException if it is not valid or uses what is not supported
   */
  public static Template parse(String name, String source) {
    Source text = Source.of(Objects.requireNonNull(name, "name"), source);
    Parser parser = new Parser(text);
    try {
      Body body = parser.parse();
      return new Template(text, body, parser.sawGeneration());
    } catch (StackOverflowError e) {
      throw TemplateException.at(
          text, parser.line(), "this is nested too deeply for the thread's stack");
    }
  }

  /**
   * Renders with the default options.
   *
   * @param variables what the template's names stand for
   * @return the text
   * @throws TemplateException if the template fails, or goes over a limit
   * @throws IllegalArgumentException if a variable's type is not one of those a template takes
   */
  public String render(Map<String, ?> variables) {
    return render(variables, RenderOptions.defaults()).text();
  }

  /**
   * Renders.
   *
   * @param variables what the template's names stand for
   * @param options the clock and the limits
   * @return the text and what generation blocks printed
   * @throws TemplateException if the template fails, or goes over a limit
   * @throws IllegalArgumentException if a variable's type is not one of those a template takes
   */
  public Rendered render(Map<String, ?> variables, RenderOptions options) {
    Map<String, Object> values = new HashMap<>(Globals.ALL);
    variables.forEach((name, value) -> values.put(name, Inputs.convert(name, value)));
    Run run = new Run(source, options);
    try {
      body.exec(Frame.global(run, values).inner());
    } catch (StackOverflowError e) {
      throw TemplateException.at(source, 1, "the template nests too deeply for the thread's stack");
    }
    return new Rendered(source, run.printed(), run.generated());
  }

  /** {@return whether the template has {@code {% generation %}} blocks, whether or not they run} */
  public boolean hasGenerationBlocks() {
    return generation;
  }

  /** {@return the template's text, with line feeds only and without one at its end} */
  public String source() {
    return source.text();
  }
}
