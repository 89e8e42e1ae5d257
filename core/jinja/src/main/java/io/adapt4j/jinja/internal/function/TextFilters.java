package io.adapt4j.jinja.internal.function;

import io.adapt4j.jinja.internal.value.Arguments;
import io.adapt4j.jinja.internal.value.Cases;
import io.adapt4j.jinja.internal.value.Dict;
import io.adapt4j.jinja.internal.value.Fault;
import io.adapt4j.jinja.internal.value.Markup;
import io.adapt4j.jinja.internal.value.PercentFormat;
import io.adapt4j.jinja.internal.value.Repr;
import io.adapt4j.jinja.internal.value.Run;
import io.adapt4j.jinja.internal.value.Text;
import io.adapt4j.jinja.internal.value.Tuple;
import io.adapt4j.jinja.internal.value.Undefined;
import io.adapt4j.jinja.internal.value.Values;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Filters on texts. */
final class TextFilters {

  private static final Pattern WORD =
      Pattern.compile("[\\p{IsAlphabetic}\\p{M}\\p{Nd}\\p{No}\\p{Nl}_]+");
  private static final Pattern BEFORE_WORD = Pattern.compile("[-\\s({\\[<]+");
  private static final Pattern ATTRIBUTE_END = Pattern.compile("[ \\t\\n\\x0b\\f\\r/>=]");
  private static final int WIDEST_PRINT = 80;
  private static final int TRUNCATE_LEEWAY = 5;

  private TextFilters() {}

  static void addTo(Map<String, Filter> filters) {
    cased(filters, "upper", Cases::upper);
    cased(filters, "lower", Cases::lower);
    cased(filters, "capitalize", Cases::capitalize);
    filters.put("title", TextFilters::title);
    filters.put("trim", TextFilters::trim);
    filters.put("replace", TextFilters::replace);
    filters.put("string", TextFilters::string);
    filters.put("safe", (run, value, arguments) -> new Markup(Repr.str(run, value)));
    filters.put("escape", TextFilters::escape);
    filters.put("e", TextFilters::escape);
    filters.put("forceescape", TextFilters::forceEscape);
    filters.put("format", TextFilters::format);
    filters.put("indent", TextFilters::indent);
    filters.put("center", TextFilters::center);
    filters.put("truncate", TextFilters::truncate);
    filters.put("wordwrap", WordWrap::wordwrap);
    filters.put("wordcount", TextFilters::wordCount);
    filters.put("striptags", Tags::strip);
    filters.put("xmlattr", TextFilters::xmlAttributes);
    filters.put("urlencode", UrlEncoding::urlencode);
    filters.put("pprint", TextFilters::pprint);
  }

  private static void cased(
      Map<String, Filter> filters, String name, UnaryOperator<String> function) {
    filters.put(
        name,
        (run, value, arguments) -> {
          arguments.bind(name, 0);
          String text = function.apply(run.made(Repr.str(run, value)));
          return value instanceof Markup ? new Markup(text) : text;
        });
  }

  private static Object title(Run run, Object value, Arguments arguments) {
    arguments.bind("title", 0);
    String text = run.made(Repr.str(run, value));
    StringBuilder out = new StringBuilder();
    int from = 0;
    Matcher matcher = BEFORE_WORD.matcher(text);
    while (matcher.find()) {
      out.append(capitalized(text.substring(from, matcher.start()))).append(matcher.group());
      from = matcher.end();
    }
    return out.append(capitalized(text.substring(from))).toString();
  }

  private static String capitalized(String word) {
    if (word.isEmpty()) {
      return word;
    }
    int first = Character.charCount(word.codePointAt(0));
    return Cases.upper(word.substring(0, first)) + Cases.lower(word.substring(first));
  }

  private static Object trim(Run run, Object value, Arguments arguments) {
    Object characters = arguments.bind("trim", 0, "chars")[0];
    String text = StringMethods.strip(run, Repr.str(run, value), characters, true, true);
    return value instanceof Markup ? new Markup(text) : text;
  }

  private static Object replace(Run run, Object value, Arguments arguments) {
    Object[] values = arguments.bind("replace", 2, "old", "new", "count");
    int count = FilterArguments.isAbsent(values[2]) ? -1 : Values.size("count", values[2]);
    return StringMethods.replace(
        run, Repr.str(run, value), Repr.str(run, values[0]), Repr.str(run, values[1]), count);
  }

  private static Object string(Run run, Object value, Arguments arguments) {
    arguments.bind("string", 0);
    return Values.isText(value) ? value : Repr.str(run, value);
  }

  private static Object escape(Run run, Object value, Arguments arguments) {
    arguments.bind("escape", 0);
    return new Markup(Repr.escaped(run, value));
  }

  private static Object forceEscape(Run run, Object value, Arguments arguments) {
    arguments.bind("forceescape", 0);
    return new Markup(Repr.escaped(run, Repr.str(run, value)));
  }

  private static Object format(Run run, Object value, Arguments arguments) {
    boolean named = !arguments.named().isEmpty();
    if (named && !arguments.positional().isEmpty()) {
      throw new Fault("can't handle positional and keyword arguments at the same time");
    }
    Object values = new Tuple(arguments.positional());
    if (named) {
      Dict dict = new Dict();
      arguments.named().forEach(dict::put);
      values = dict;
    }
    return PercentFormat.format(
        run, value instanceof Markup ? value : Repr.str(run, value), values);
  }

  private static Object indent(Run run, Object value, Arguments arguments) {
    Object[] values = arguments.bind("indent", 0, "width", "first", "blank");
    String text = Values.requireText("the value of indent", value);
    Object width = FilterArguments.orElse(values[0], 4L);
    String indent;
    if (Values.isText(width)) {
      indent = Values.text(width);
    } else {
      int count = Math.max(0, Values.size("width", width));
      run.make(count);
      indent = " ".repeat(count);
    }
    List<Object> lines = Splits.lines(run, text + "\n", false);
    StringBuilder out = new StringBuilder(FilterArguments.flag(values[1]) ? indent : "");
    for (int i = 0; i < lines.size(); i++) {
      String line = (String) lines.get(i);
      boolean indented = i > 0 && (FilterArguments.flag(values[2]) || !line.isEmpty());
      run.grow(out.length(), (long) line.length() + indent.length() + 1);
      out.append(i > 0 ? "\n" : "").append(indented ? indent : "").append(line);
    }
    return out.toString();
  }

  private static Object center(Run run, Object value, Arguments arguments) {
    Object width = arguments.bind("center", 0, "width")[0];
    return StringMethods.center(
        run, Repr.str(run, value), Values.size("width", FilterArguments.orElse(width, 80L)));
  }

  private static Object truncate(Run run, Object value, Arguments arguments) {
    Object[] values = arguments.bind("truncate", 0, "length", "killwords", "end", "leeway");
    long length = Values.integer("length", FilterArguments.orElse(values[0], 255L));
    String end = Values.requireText("end", FilterArguments.orElse(values[2], "..."));
    long leeway =
        FilterArguments.isAbsent(values[3]) ? TRUNCATE_LEEWAY : Values.integer("leeway", values[3]);
    int endLength = Text.length(end);
    if (length < endLength || leeway < 0) {
      throw new Fault(
          "truncate needs a length of at least " + endLength + " and a leeway of at least 0");
    }
    if (Values.length(run, value) <= length + leeway) {
      return value;
    }
    String text = run.made(Values.requireText("the value of truncate", value));
    String cut = Text.slice(text, 0, (int) (length - endLength));
    int space = cut.lastIndexOf(' ');
    boolean whole = FilterArguments.flag(values[1]) || space < 0;
    return (whole ? cut : cut.substring(0, space)) + end;
  }

  private static Object wordCount(Run run, Object value, Arguments arguments) {
    arguments.bind("wordcount", 0);
    return WORD.matcher(run.made(Repr.str(run, value))).results().count();
  }

  private static Object xmlAttributes(Run run, Object value, Arguments arguments) {
    Object autospace = FilterArguments.orElse(arguments.bind("xmlattr", 0, "autospace")[0], true);
    if (!(value instanceof Dict dict)) {
      throw new Fault("xmlattr needs a mapping, found " + Values.typeName(value));
    }
    StringBuilder out = new StringBuilder();
    for (Dict.Entry entry : dict.entries()) {
      if (entry.value() == null || entry.value() instanceof Undefined) {
        continue;
      }
      String key = Values.requireText("an attribute's name", entry.key());
      if (ATTRIBUTE_END.matcher(key).find()) {
        throw new Fault("Invalid character in attribute name: " + Repr.quoted(key));
      }
      String piece = Repr.escaped(run, key) + "=\"" + Repr.escaped(run, entry.value()) + "\"";
      run.grow(out.length(), piece.length() + 1L);
      out.append(out.length() > 0 ? " " : "").append(piece);
    }
    return out.length() > 0 && Values.isTrue(autospace) ? " " + out : out.toString();
  }

  private static Object pprint(Run run, Object value, Arguments arguments) {
    arguments.bind("pprint", 0);
    String text = Repr.sorted(run, value);
    if (Text.length(text) > WIDEST_PRINT) {
      throw Fault.unsupported("pprint of what does not fit on one line");
    }
    return text;
  }
}
