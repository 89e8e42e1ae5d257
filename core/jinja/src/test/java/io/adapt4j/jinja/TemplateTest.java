package io.adapt4j.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TemplateTest {

  @Test
  void rendersVariables() {
    Template template = Template.parse("{% for x in xs %}{{ x }};{% endfor %}{{ who.name }}");
    assertThat(template.render(Map.of("xs", List.of(1, "b"), "who", Map.of("name", "Al"))))
        .isEqualTo("1;b;Al");
  }

  @Test
  void takesPlainJavaValues() {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("none", null);
    values.put("number", 3);
    values.put("large", new BigInteger("123456789012345678901234567890"));
    values.put("decimal", new BigDecimal("0.10"));
    values.put("single", 0.5f);
    values.put("array", new Object[] {1L, 'c'});
    values.put("list", Arrays.asList(true, null));
    assertThat(
            Template.parse(
                    "{{ none }} {{ number }} {{ large }} {{ decimal }} {{ single }} {{ array }}"
                        + " {{ list }}")
                .render(values))
        .isEqualTo("None 3 123456789012345678901234567890 0.1 0.5 [1, 'c'] [True, None]");
  }

  @Test
  void refusesOtherJavaObjectsByTheirPath() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                Template.parse("{{ a }}").render(Map.of("a", List.of(Map.of("t", Duration.ZERO)))))
        .withMessageContaining("variable a[0].t")
        .withMessageContaining("java.time.Duration");
  }

  @Test
  void refusesValuesThatContainThemselves() {
    Map<String, Object> loop = new HashMap<>();
    loop.put("self", loop);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Template.parse("x").render(Map.of("loop", loop)))
        .withMessageContaining("nested deeper");
  }

  @Test
  void changesNoneOfTheValuesItIsGiven() {
    Map<String, Object> map = new HashMap<>(Map.of("a", 1));
    Template template = Template.parse("{% set ns = namespace(m=m) %}{% set ns.m = 2 %}{{ m }}");
    assertThat(template.render(Map.of("m", map))).isEqualTo("{'a': 1}");
    assertThat(map).isEqualTo(Map.of("a", 1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ x.getClass() }}",
        "{{ x['class'].forName('java.lang.Runtime') }}",
        "{{ xs.stream() }}",
        "{{ x.__class__.__mro__ }}",
        "{{ 'a'.getBytes() }}",
        "{{ xs.hashCode() }}"
      })
  void nothingOfJavaCanBeCalled(String source) {
    assertThatThrownBy(() -> Template.parse(source).render(Map.of("x", "text", "xs", List.of(1))))
        .isInstanceOf(TemplateException.class);
  }

  @Test
  void anErrorNamesTemplateAndLineAndQuotesTheLine() {
    Template template = Template.parse("chat.jinja", "a\r\nb\n  {{ foo.bar }} c\nd");
    TemplateException error =
        catchThrowableOfType(TemplateException.class, () -> template.render(Map.of()));
    assertThat(error).hasMessage("chat.jinja, line 3: 'foo' is undefined\n  {{ foo.bar }} c");
    assertThat(error.line()).isEqualTo(3);
    assertThat(error.lineText()).isEqualTo("  {{ foo.bar }} c");
    assertThat(error.raised()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "1114112", "4294967296"})
  void aCharacterBeyondUnicodeIsAnErrorOfTheTemplate(String code) {
    Template template = Template.parse("{{ '{:c}'.format(" + code + ") }}");
    assertThatThrownBy(() -> template.render(Map.of()))
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining("range(0x110000)");
  }

  @Test
  void whatTheTemplateRaisesIsToldApart() {
    Template template =
        Template.parse("{% if true %}\n{{ raise_exception('no ' ~ role) }}\n{% endif %}");
    TemplateException error =
        catchThrowableOfType(
            TemplateException.class, () -> template.render(Map.of("role", "system")));
    assertThat(error.raised()).contains("no system");
    assertThat(error.line()).isEqualTo(2);
  }

  @Test
  void anErrorInAMacroIsOnTheLineInTheMacro() {
    Template template =
        Template.parse("{% macro f() %}\n{{ 1 // 0 }}\n{% endmacro %}\n\n{{ f() }}");
    assertThatThrownBy(() -> template.render(Map.of()))
        .hasMessageContaining("line 2")
        .hasMessageContaining("{{ 1 // 0 }}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% include 'x' %}",
        "{% extends 'x' %}",
        "{% import 'x' as y %}",
        "{% from 'x' import y %}",
        "{% block b %}{% endblock %}",
        "{% autoescape true %}{% endautoescape %}",
        "{% do x %}",
        "{% trans %}x{% endtrans %}",
        "{{ self }}",
        "{{ x|nothing }}",
        "{{ x is nothing }}",
        "{% if x %}",
        "{{ x",
        "{{ 'x }}",
        "{# x",
        "{% raw %}x",
        "{{ x ? 1 : 2 }}",
        "{{ [x }}",
        "{% endif %}",
        "{% break %}"
      })
  void whatIsNotValidOrNotSupportedIsRefusedWhenParsed(String source) {
    assertThatThrownBy(() -> Template.parse("t", "first\n" + source))
        .isInstanceOf(TemplateException.class)
        .hasMessageStartingWith("t, line 2: ")
        .hasMessageContaining(source);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ [1]|random }}",
        "{{ 'a'|urlize }}",
        "{{ lipsum() }}",
        "{{ [1]|map('string') }}",
        "{{ 'a'.encode() }}",
        "{{ 5 .real }}",
        "{{ 'a'.upper }}",
        "{{ {}.fromkeys([1]) }}",
        "{{ strftime_now('%E') }}"
      })
  void whatPythonDoesAndThisDoesNotIsAnErrorNotAnotherText(String source) {
    assertThatThrownBy(() -> Template.parse(source).render(Map.of()))
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining(source);
  }

  @Test
  void anUnknownFilterInABranchThatIsNotTakenDoesNoHarm() {
    assertThat(Template.parse("{% if false %}{{ 1|nothing }}{% endif %}ok").render(Map.of()))
        .isEqualTo("ok");
  }

  @Test
  void spansAreWhatGenerationBlocksPrinted() {
    Template template = Template.parse("\uD83D\uDE00{% generation %}ab{% endgeneration %}c");
    Rendered rendered = template.render(Map.of(), RenderOptions.defaults());
    assertThat(rendered.text()).isEqualTo("\uD83D\uDE00abc");
    assertThat(rendered.spans()).containsExactly(new Span(2, 4));
    assertThat(template.hasGenerationBlocks()).isTrue();
  }

  @Test
  void aGenerationBlockThatWasMovedIsAnErrorOnlyForItsSpan() {
    Template template =
        Template.parse(
            "{% macro f() %}head {% generation %}body{% endgeneration %}{% endmacro %}{{ f() }}");
    Rendered rendered = template.render(Map.of(), RenderOptions.defaults());
    assertThat(rendered.text()).isEqualTo("head body");
    assertThatThrownBy(rendered::spans)
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining("outside of macros");
  }

  @Test
  void aTemplateCanBeRenderedByManyThreadsAtOnce() {
    Template template = Template.parse("{% for i in range(n) %}{{ loop.index }}{% endfor %}");
    List<String> texts =
        IntStream.range(0, 200)
            .parallel()
            .mapToObj(n -> template.render(Map.of("n", n % 10)))
            .distinct()
            .toList();
    assertThat(texts).hasSize(10).contains("123456789");
  }
}
