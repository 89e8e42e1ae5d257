package io.adapt4j.benchmarks.suite;

import static io.adapt4j.benchmarks.suite.ExampleRuns.run;
import static io.adapt4j.benchmarks.suite.ExampleRuns.speed;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.junit.jupiter.api.Test;

class PageTest {

  private static Document page(Run now, Run... stored) {
    return Jsoup.parse(Page.of(Comparison.of(now, List.of(stored))));
  }

  @Test
  void regressionsAndImprovementsAreMarkedInWordsAndColour() {
    Figure peak = Figure.smaller("peak", "GB", 2).plusMinus(0.1);
    Document page =
        page(
            run(1, speed(80, 1), Figure.smaller("peak", "GB", 1).plusMinus(0.1)),
            run(0, speed(100, 1), peak));

    assertThat(page.select("td.worse").eachText()).containsExactly("-20.0 % worse");
    assertThat(page.select("td.better").eachText()).containsExactly("-50.0 % better");
  }

  @Test
  void betweenDifferentMachinesNothingIsMarkedAndItIsSaid() {
    Run other = run(0, ExampleRuns.otherMachine(), Profile.QUICK, "", speed(100, 1));
    Document page = page(run(1, speed(80, 1)), other);

    assertThat(page.select("td.worse, td.better")).isEmpty();
    assertThat(page.text()).contains("Not compared").contains("Intel Xeon");
  }

  @Test
  void aMissedTargetIsMarked() {
    Document page = page(run(0, speed(80, 1).target(90)));

    assertThat(page.select("td.worse").eachText()).containsExactly("at least 90 tokens/s, missed");
  }

  @Test
  void ratiosStandApart() {
    Document page = page(run(0, speed(80, 1), Figure.largerRatio("of the bandwidth", 0.4)));

    assertThat(page.select("h2").eachText()).containsExactly("Ratios", "Figures");
    Element ratios = page.select("table").first();
    assertThat(ratios.text()).contains("of the bandwidth").doesNotContain("speed");
  }

  @Test
  void whatIsNotMeasuredSaysWhy() {
    Run run = run(0, speed(1, 1));
    Run failed =
        new Run(
            run.date(),
            run.profile(),
            "",
            1,
            run.commit(),
            run.machine(),
            run.versions(),
            List.of(
                Result.failed("PlanBenchmark", "--quick", "exit 1: out of memory"),
                Result.skipped("StsBenchmark", "", "sts.csv is not here")));

    assertThat(page(failed).select(".problem").eachText())
        .containsExactly(
            "PlanBenchmark --quick failed exit 1: out of memory",
            "StsBenchmark skipped sts.csv is not here");
  }

  @Test
  void hostileNamesStayText() {
    String hostile = "</td><script>alert(1)</script>\"'&";
    Document page = page(run(0, Figure.larger(hostile, hostile, 1)));

    assertThat(page.select("script")).isEmpty();
    assertThat(page.text()).contains(hostile);
  }

  @Test
  void thePageNeedsNothingFromElsewhere() {
    Document page = page(run(0, speed(1, 1)));

    assertThat(page.select("[src], link[href]:not([href^=data:])")).isEmpty();
    assertThat(page.select("style").html()).doesNotContain("url(").doesNotContain("@import");
    assertThat(page.select("meta[name=viewport]")).hasSize(1);
  }
}
