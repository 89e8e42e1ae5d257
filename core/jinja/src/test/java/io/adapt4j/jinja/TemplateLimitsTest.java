package io.adapt4j.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Templates that want too much of time, memory or stack. */
@Timeout(60)
class TemplateLimitsTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
        "{{ range(100001) }}",
        "{{ 'x' * 1000000000 }}",
        "{{ [1] * 1000000000 }}",
        "{{ 2 ** 10000000 }}",
        "{{ 10 ** (10 ** 100) }}",
        "{{ 9 ** (9 ** 9) }}",
        "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}"
            + "{% endfor %}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}"
            + "{% endfor %}",
        "{% set ns = namespace(s='ab') %}{% for i in range(99) %}"
            + "{% set ns.s = ns.s.replace('', 'xy') %}{% endfor %}",
        "{% set ns = namespace(s='ab') %}{% for i in range(99) %}"
            + "{% set ns.s = [ns.s, ns.s]|tojson %}{% endfor %}",
        "{% set ns = namespace(l=[]) %}{% for i in range(9999) %}{% set ns.l = [ns.l] %}"
            + "{% endfor %}{{ ns.l }}",
        "{% set ns = namespace(l=[]) %}{% for i in range(9999) %}{% set ns.l = [ns.l] %}"
            + "{% endfor %}{{ ns.l|tojson }}",
        "{% set ns = namespace(l=[], m=[]) %}{% for i in range(9999) %}{% set ns.l = [ns.l] %}"
            + "{% set ns.m = [ns.m] %}{% endfor %}{{ ns.l == ns.m }}",
        "{% set ns = namespace(l=(1,)) %}{% for i in range(9999) %}{% set ns.l = (ns.l,) %}"
            + "{% endfor %}{{ {ns.l: 1} }}",
        "{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% macro f(x) %}{{ f(x)|map('upper')|list }}{% endmacro %}{{ f(1) }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% set ns = namespace(t=(1,)) %}{% for i in range(45) %}{% set ns.t = (ns.t, ns.t) %}"
            + "{% endfor %}{{ {ns.t: 1}|length }}",
        "{% set ns = namespace(t=(1,), u=(1,)) %}{% for i in range(45) %}"
            + "{% set ns.t = (ns.t, ns.t) %}{% set ns.u = (ns.u, ns.u) %}{% endfor %}"
            + "{{ ns.t == ns.u }}",
        "{% set s = 'a' * 10000000 %}{% for i in range(99999) %}{{ (s ~ 'b')[0] }}{% endfor %}",
        "{% set s = 'a' * 10000000 %}{% for i in range(99999) %}{{ s|length }}{% endfor %}",
        "{% set s = 'a' * 10000000 %}{% set t = 'a' * 1000000 ~ 'b' %}{{ t in s }}",
        "{% for i in range(99999) %}{{ ('-' * 20000)|wordwrap(5)|length }}{% endfor %}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '%.1000000000f' % 1 }}",
        "{{ '{:1000000000}'.format('a') }}",
        "{{ 'a'.center(1000000000) }}",
        "{{ 'a'.ljust(1000000000) }}",
        "{{ 'a'.zfill(1000000000) }}",
        "{{ 'a'|center(1000000000) }}",
        "{{ 'a\\nb'|indent(1000000000) }}",
        "{{ [1]|batch(1000000000, 'x')|list }}",
        "{{ [1]|slice(1000000000)|list }}",
        "{{ [1]|tojson(indent=1000000000) }}",
        "{{ ('-' * 1000000)|wordwrap(5) }}"
      })
  void endsWithAnErrorInGoodTime(String source) {
    Template template = Template.parse(source);
    assertThatThrownBy(() -> template.render(Map.of())).isInstanceOf(TemplateException.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {"( )", "[ ]", "{1: }", "not~ ~", "- ~", "1~if~1~else~ ~", "f( )", "a[ ]", "(1, )"})
  void deeplyNestedExpressionsAreRefusedWhenParsed(String opening, String closing) {
    int depth = 100_000;
    String nested =
        opening.replace('~', ' ').repeat(depth) + "1" + closing.replace('~', ' ').repeat(depth);
    assertThatThrownBy(() -> Template.parse("{{ " + nested + " }}"))
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining("nested deeper");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {" + 1", " and 1", "|upper", ".a", "[0]", "()", " if 1 else 2", " is defined"})
  void longChainsAreRefusedWhenParsed(String link) {
    assertThatThrownBy(() -> Template.parse("{{ x" + link.repeat(100_000) + " }}"))
        .isInstanceOf(TemplateException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{% if 1 %}", "{% for x in y %}", "{% macro m() %}", "{% set x %}"})
  void deeplyNestedStatementsAreRefusedWhenParsed(String opening) {
    assertThatThrownBy(() -> Template.parse(opening.repeat(100_000)))
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining("nested deeper");
  }

  @Test
  void aThreadWithALittleStackGetsAnErrorToo() throws InterruptedException {
    Throwable[] thrown = new Throwable[1];
    Thread thread =
        new Thread(
            null,
            () ->
                Template.parse("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}").render(Map.of()),
            "small stack",
            64 * 1024);
    thread.setUncaughtExceptionHandler((failed, e) -> thrown[0] = e);
    thread.start();
    thread.join();
    assertThat(thrown[0]).isInstanceOf(TemplateException.class);
  }

  @Test
  void limitsCanBeSet() {
    Template loop = Template.parse("{% for i in range(100) %}x{% endfor %}");
    RenderOptions options = RenderOptions.defaults();
    assertThat(loop.render(Map.of(), options).text()).hasSize(100);
    assertThatThrownBy(() -> loop.render(Map.of(), options.withMaxSteps(100)))
        .hasMessageContaining("100 steps");
    assertThatThrownBy(() -> loop.render(Map.of(), options.withMaxOutput(99)))
        .hasMessageContaining("99");
    Template macro =
        Template.parse("{% macro f(n) %}{{ f(n-1) if n else 'e' }}{% endmacro %}{{ f(9) }}");
    assertThat(macro.render(Map.of(), options.withMaxDepth(10)).text()).isEqualTo("e");
    assertThatThrownBy(() -> macro.render(Map.of(), options.withMaxDepth(9)))
        .hasMessageContaining("deeper than 9");
  }

  @Test
  void endsWhenNobodyWaits() {
    Template loop = Template.parse("{% for i in range(100000) %}{{ i }}{% endfor %}");
    AtomicInteger last = new AtomicInteger();
    RenderOptions cancelled =
        RenderOptions.defaults()
            .withCancellation(
                printed -> {
                  assertThat(printed).isGreaterThan(last.getAndSet(printed));
                  return printed > 20_000;
                });
    assertThatThrownBy(() -> loop.render(Map.of(), cancelled))
        .isInstanceOf(CancellationException.class);
    assertThat(last.get()).isBetween(20_001, 100_000);
  }

  @Test
  void limitsMustBePositive() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RenderOptions.defaults().withMaxSteps(0))
        .withMessage("maxSteps must be at least 1, found 0");
  }

  @Test
  void aLongConversationStaysFarFromTheLimits() {
    Template template =
        Template.parse(
            "{% for m in ms %}{{ '<' ~ m.role ~ '>' ~ m.content.strip().split('</think>')[-1] }}"
                + "{% endfor %}");
    Map<String, Object> message = Map.of("role", "user", "content", "word ".repeat(2000));
    int length = template.render(Map.of("ms", Collections.nCopies(500, message))).length();
    assertThat(length).isGreaterThan(4_900_000);
  }
}
