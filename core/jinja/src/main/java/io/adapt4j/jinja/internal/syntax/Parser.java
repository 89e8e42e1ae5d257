package io.adapt4j.jinja.internal.syntax;

import io.adapt4j.jinja.internal.value.Fault;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Parses a template's statements with the grammar of Jinja 3.1. */
public final class Parser {

  private static final int MAX_DEPTH = 100;
  private static final Set<String> NEEDS_OTHER_TEMPLATES =
      Set.of("include", "import", "from", "extends", "block");
  private static final Set<String> CONSTANTS =
      Set.of("true", "True", "false", "False", "none", "None");

  private final Tokens tokens;
  private final ExpressionParser expressions;
  private boolean conditional;
  private boolean inLoop;
  private boolean generation;
  private int depth;

  public Parser(String text) {
    this.tokens = new Tokens(text);
    this.expressions = new ExpressionParser(tokens);
  }

  public Body parse() {
    try {
      return until(Set.of());
    } catch (StackOverflowError e) {
      throw tokens.error("this is nested too deeply for the thread's stack");
    }
  }

  public boolean sawGeneration() {
    return generation;
  }

  /** Parses up to a tag with one of some names, which is not consumed. */
  private Body until(Set<String> ends) {
    depth++;
    if (depth > MAX_DEPTH) {
      throw tokens.error("statements are nested deeper than " + MAX_DEPTH);
    }
    List<Statement> body = new ArrayList<>();
    while (!tokens.at(Token.Type.END)) {
      Token token = tokens.take();
      switch (token.type()) {
        case DATA -> body.add(new Statements.Data(token.line(), token.text()));
        case VARIABLE_BEGIN -> body.add(print(token.line()));
        default -> {
          if (tokens.at(Token.Type.NAME) && ends.contains(tokens.peek().text())) {
            depth--;
            return new Body(List.copyOf(body));
          }
          body.add(statement(ends));
          tokens.expectBlockEnd();
        }
      }
    }
    if (!ends.isEmpty()) {
      throw tokens.error("the template ends where " + alternatives(ends) + " is expected");
    }
    depth--;
    return new Body(List.copyOf(body));
  }

  private static String alternatives(Set<String> names) {
    return "'" + String.join("' or '", names) + "'";
  }

  private Statement print(int line) {
    Expr value = expressions.tuple(true);
    tokens.expect(Token.Type.VARIABLE_END, "'}}'");
    expressions.requireKnown(conditional);
    return new Statements.Print(line, value);
  }

  private Statement statement(Set<String> ends) {
    Token tag = tokens.expect(Token.Type.NAME, "the name of a tag");
    int line = tag.line();
    return switch (tag.text()) {
      case "for" -> forLoop(line);
      case "if" -> ifElse(line);
      case "set" -> set(line);
      case "macro" -> macro(line);
      case "call" -> call(line);
      case "filter" -> filter(line);
      case "with" -> with(line);
      case "generation" -> generation(line);
      case "print" -> printTag(line);
      case "autoescape" -> autoescape(line);
      case "break" -> leave(line, Statement.Flow.BREAK);
      case "continue" -> leave(line, Statement.Flow.CONTINUE);
      default -> throw unknown(tag, ends);
    };
  }

  private Fault unknown(Token tag, Set<String> ends) {
    String problem =
        NEEDS_OTHER_TEMPLATES.contains(tag.text())
            ? "'" + tag.text() + "' is not supported: a chat template stands alone"
            : "unknown tag '" + tag.text() + "'";
    return tokens.error(
        tag.line(), ends.isEmpty() ? problem : problem + ", where " + alternatives(ends) + " ends");
  }

  /** Parses the rest of a tag and the body after it, up to one of some tags. */
  private Body body(String... ends) {
    tokens.skipOperator(":");
    tokens.expectBlockEnd();
    return until(new LinkedHashSet<>(List.of(ends)));
  }

  private Body bodyAndEnd(String end) {
    Body body = body(end);
    tokens.take();
    return body;
  }

  /** Parses a body with its own scope, in which Jinja checks for unknown filters again. */
  private Body scopedBody(boolean loop, String... ends) {
    boolean outerConditional = conditional;
    boolean outerLoop = inLoop;
    conditional = false;
    inLoop = loop;
    Body body = body(ends);
    conditional = outerConditional;
    inLoop = outerLoop;
    return body;
  }

  private Body scopedBodyAndEnd(boolean loop, String end) {
    Body body = scopedBody(loop, end);
    tokens.take();
    return body;
  }

  private Statement forLoop(int line) {
    Target target = target(false);
    requireNotLoop(target, line);
    tokens.expectName("in");
    Expr items = expressions.tuple(false);
    Expr test = tokens.skipName("if") ? expressions.expression() : null;
    boolean recursive = tokens.skipName("recursive");
    expressions.requireKnown(conditional);
    Body body = scopedBody(true, "endfor", "else");
    Body otherwise = new Body(List.of());
    if (tokens.take().isName("else")) {
      otherwise = scopedBodyAndEnd(inLoop, "endfor");
    }
    return new For(line, target, items, test, recursive, body, otherwise);
  }

  private void requireNotLoop(Target target, int line) {
    boolean named = target instanceof Target.Variable variable && variable.name().equals("loop");
    if (named) {
      throw tokens.error(line, "the special variable 'loop' cannot be assigned to");
    }
    if (target instanceof Target.Unpacked unpacked) {
      unpacked.targets().forEach(nested -> requireNotLoop(nested, line));
    }
  }

  private Statement ifElse(int line) {
    boolean outer = conditional;
    List<Statements.Branch> branches = new ArrayList<>();
    Body otherwise = new Body(List.of());
    Token tag;
    do {
      Expr test = expressions.tuple(false);
      conditional = true;
      expressions.requireKnown(true);
      branches.add(new Statements.Branch(test, body("elif", "else", "endif")));
      tag = tokens.take();
    } while (tag.isName("elif"));
    if (tag.isName("else")) {
      otherwise = bodyAndEnd("endif");
    }
    conditional = outer;
    return new Statements.If(line, List.copyOf(branches), otherwise);
  }

  private Statement set(int line) {
    Target target = target(true);
    if (inLoop) {
      requireNotLoop(target, line);
    }
    if (tokens.skipOperator("=")) {
      Expr value = expressions.tuple(true);
      expressions.requireKnown(conditional);
      return new Statements.Assign(line, target, value);
    }
    Expr filter = tokens.atOperator("|") ? filters(new Statements.Captured()) : null;
    expressions.requireKnown(conditional);
    return new Statements.AssignBlock(line, target, filter, scopedBodyAndEnd(false, "endset"));
  }

  private Expr filters(Expr input) {
    Expr value = input;
    while (tokens.skipOperator("|")) {
      value = expressions.filter(value);
    }
    return value;
  }

  private Statement macro(int line) {
    String name = tokens.expectName().text();
    requireVariable(name);
    Signature signature = signature();
    expressions.requireKnown(conditional);
    return new Statements.DefineMacro(line, definition(name, signature, "endmacro"));
  }

  private record Signature(List<String> parameters, List<Expr> defaults) {
    static final Signature EMPTY = new Signature(List.of(), List.of());
  }

  private Signature signature() {
    tokens.expectOperator("(");
    List<String> parameters = new ArrayList<>();
    List<Expr> defaults = new ArrayList<>();
    while (!tokens.atOperator(")")) {
      if (!parameters.isEmpty()) {
        tokens.expectOperator(",");
      }
      String name = tokens.expectName().text();
      requireVariable(name);
      if (parameters.contains(name)) {
        throw tokens.error("the parameter '" + name + "' is there twice");
      }
      parameters.add(name);
      if (tokens.skipOperator("=")) {
        defaults.add(expressions.expression());
      } else if (!defaults.isEmpty()) {
        throw tokens.error("the parameter '" + name + "' needs a default, as the one before has");
      }
    }
    tokens.expectOperator(")");
    return new Signature(List.copyOf(parameters), List.copyOf(defaults));
  }

  private Macro.Definition definition(String name, Signature signature, String end) {
    expressions.beginNames();
    Body body = scopedBodyAndEnd(false, end);
    Set<String> names = Set.copyOf(expressions.endNames());
    int explicit = signature.parameters().indexOf("caller");
    boolean hasDefault = explicit >= signature.parameters().size() - signature.defaults().size();
    if (explicit >= 0 && names.contains("caller") && !hasDefault) {
      throw tokens.error("the parameter 'caller' needs a default, or must be left out");
    }
    return new Macro.Definition(name, signature.parameters(), signature.defaults(), body, names);
  }

  private Statement call(int line) {
    Signature signature = tokens.atOperator("(") ? signature() : Signature.EMPTY;
    Expr called = expressions.expression();
    expressions.requireKnown(conditional);
    if (!(called instanceof Expressions.Call call)) {
      throw tokens.error(line, "a call block must call something");
    }
    return new Statements.CallBlock(line, call, definition(null, signature, "endcall"));
  }

  private Statement filter(int line) {
    Expr value = filters(expressions.filter(new Statements.Captured()));
    expressions.requireKnown(conditional);
    return new Statements.FilterBlock(line, value, scopedBodyAndEnd(false, "endfilter"));
  }

  private Statement with(int line) {
    List<Target> targets = new ArrayList<>();
    List<Expr> values = new ArrayList<>();
    while (!tokens.at(Token.Type.BLOCK_END)) {
      if (!targets.isEmpty()) {
        tokens.expectOperator(",");
      }
      targets.add(target(false));
      tokens.expectOperator("=");
      values.add(expressions.expression());
    }
    expressions.requireKnown(conditional);
    Body body = scopedBodyAndEnd(inLoop, "endwith");
    return new Statements.With(line, List.copyOf(targets), List.copyOf(values), body);
  }

  private Statement generation(int line) {
    generation = true;
    return new Statements.Generation(line, definition(null, Signature.EMPTY, "endgeneration"));
  }

  private Statement printTag(int line) {
    List<Statement> prints = new ArrayList<>();
    while (!tokens.at(Token.Type.BLOCK_END)) {
      if (!prints.isEmpty()) {
        tokens.expectOperator(",");
      }
      prints.add(new Statements.Print(line, expressions.expression()));
    }
    expressions.requireKnown(conditional);
    return new Statements.If(line, List.of(), new Body(List.copyOf(prints)));
  }

  private Statement autoescape(int line) {
    boolean off = tokens.skipName("false") || tokens.skipName("False");
    if (!off || !tokens.at(Token.Type.BLOCK_END)) {
      throw tokens.error(line, "autoescaping is not supported: chat templates are plain text");
    }
    return new Statements.Scoped(line, scopedBodyAndEnd(inLoop, "endautoescape"));
  }

  private Statement leave(int line, Statement.Flow flow) {
    if (!inLoop) {
      throw tokens.error(line, "break and continue need a loop around them");
    }
    return new Statements.Leave(line, flow);
  }

  /** Parses a target, or several separated by commas. */
  private Target target(boolean withNamespace) {
    List<Target> targets = new ArrayList<>();
    boolean comma = false;
    while (!atTargetEnd()) {
      targets.add(oneTarget(withNamespace));
      if (!tokens.skipOperator(",")) {
        break;
      }
      comma = true;
    }
    if (targets.isEmpty()) {
      throw tokens.error("expected a variable, found " + tokens.peek().described());
    }
    return comma ? new Target.Unpacked(List.copyOf(targets)) : targets.get(0);
  }

  private boolean atTargetEnd() {
    return tokens.at(Token.Type.BLOCK_END) || tokens.atOperator(")") || tokens.atOperator("=");
  }

  private Target oneTarget(boolean withNamespace) {
    depth++;
    if (depth > MAX_DEPTH) {
      throw tokens.error("targets are nested deeper than " + MAX_DEPTH);
    }
    if (tokens.skipOperator("(")) {
      Target inner = target(withNamespace);
      tokens.expectOperator(")");
      depth--;
      return inner;
    }
    depth--;
    String name = tokens.expectName().text();
    if (withNamespace && tokens.skipOperator(".")) {
      return new Target.NamespaceAttribute(name, tokens.expectName().text());
    }
    requireVariable(name);
    return new Target.Variable(name);
  }

  private void requireVariable(String name) {
    if (CONSTANTS.contains(name)) {
      throw tokens.error("the constant '" + name + "' cannot be assigned to");
    }
  }
}
