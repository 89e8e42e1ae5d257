package io.adapt4j.gguf;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExportVerificationTest {

  private static final List<String> TEXTS =
      List.of("Once upon a time there was a cat.", "The robot said hello.", "A third one");

  @TempDir private static Path shared;

  private static Path checkpoint;

  @TempDir private Path temporary;

  @BeforeAll
  static void writeModel() {
    System.setProperty("adapt4j.model.files", shared.resolve("files").toString());
    checkpoint = TestModels.random(shared.resolve("random"));
  }

  private ExportedModel export(GgufQuantization type) {
    return GgufExport.of(checkpoint).type(type).to(temporary.resolve(type + ".gguf"));
  }

  @Test
  void aFileInFp32IsTheModel() {
    ExportVerification found = export(GgufQuantization.F32).verify(TEXTS);
    assertThat(found.texts()).isEqualTo(3);
    assertThat(found.otherTokens()).isZero();
    assertThat(found.largestLogitDifference()).isLessThan(1e-4);
    assertThat(found.filePerplexity()).isCloseTo(found.perplexity(), within(1e-3));
    assertThat(found.likeliestAgreement()).isEqualTo(1);
    assertThat(found.generatedTokens()).isEqualTo(3 * 32);
    assertThat(found.generationAgreement()).isEqualTo(1);
    assertThat(found.partings()).isEmpty();
  }

  @Test
  void fewerBitsAreFurtherFromTheModel() {
    ExportVerification eight = export(GgufQuantization.Q8_0).verify(TEXTS, 16, 8);
    ExportVerification four = export(GgufQuantization.Q4_0).verify(TEXTS, 16, 8);
    assertThat(eight.tokens()).isEqualTo(four.tokens()).isLessThanOrEqualTo(3 * 16);
    assertThat(eight.largestLogitDifference())
        .isPositive()
        .isLessThan(four.largestLogitDifference() / 4);
    assertThat(four.likeliestAgreement()).isLessThan(1);
    assertThat(four.partings()).isNotEmpty();
    ExportVerification.Parting parting = four.partings().get(0);
    assertThat(parting.margin()).isPositive();
    assertThat(parting.expected()).isNotEqualTo(parting.found());
    assertThat(four.agreedTokens()).isLessThan(four.generatedTokens());
    assertThat(four.toString()).contains("largest difference", "perplexity", "margin");
  }

  @Test
  void theModelIsTheOneWithTheAdapter() {
    Path adapter = temporary.resolve("adapter");
    saveAdapter(adapter);
    ExportedModel tuned = tuned(adapter, GgufQuantization.F32);
    ExportVerification found = tuned.verify(TEXTS);
    assertThat(found.largestLogitDifference()).isLessThan(1e-3);
    assertThat(found.perplexity())
        .isNotCloseTo(export(GgufQuantization.F32).verify(TEXTS).perplexity(), within(1e-3));
  }

  /** An adapter that changes what the model says. */
  private static void saveAdapter(Path adapter) {
    try (Decoder decoder = TestModels.load(checkpoint);
        Adaptation adaptation = Methods.of(Lora.rank(2)).attach(decoder, checkpoint, 1)) {
      for (Trainable trained : adaptation.trained()) {
        float[] values = new float[(int) trained.value().count()];
        Arrays.fill(values, 0.05f);
        try (Tensor filled = Tensor.of(values, trained.value().sizes())) {
          trained.value().copyFrom(filled);
        }
      }
      adaptation.refresh();
      adaptation.save(adapter);
    }
  }

  @Test
  void rowsOfADatasetAreReadAsInTraining() {
    ExportVerification found =
        export(GgufQuantization.Q8_0)
            .verify(
                Datasets.of(
                    List.of(
                        new Example.PromptCompletion("Who? ", "Lily."),
                        new Example.Text("Once upon a time"),
                        new Example.Text("not read"))),
                2);
    assertThat(found.texts()).isEqualTo(2);
    assertThat(found.perplexity()).isPositive();
  }

  @Test
  void anotherFileInItsPlaceIsFound() throws IOException {
    ExportedModel exported = export(GgufQuantization.F32);
    GgufExport.of(checkpoint).type(GgufQuantization.Q4_0).to(temporary.resolve("other.gguf"));
    Files.copy(
        temporary.resolve("other.gguf"), exported.file(), StandardCopyOption.REPLACE_EXISTING);
    assertThat(exported.verify(TEXTS).largestLogitDifference()).isGreaterThan(0.01);
  }

  @Test
  void aPageBesideTheFileShowsTheComparison() throws IOException {
    ExportedModel exported = export(GgufQuantization.Q4_0);
    ExportVerification found = exported.verify(TEXTS, 16, 8);
    Path page = exported.writeReport(found);
    assertThat(page).isEqualTo(temporary.resolve("Q4_0.verification.html"));
    String html = Files.readString(page);
    assertThat(html)
        .startsWith("<!doctype html>")
        .contains("Q4_0.gguf against the model it was made of", "largest difference of a logit")
        .contains("3 texts", "margin")
        .doesNotContain("http://", "https://", "<script");
    assertThat(exported.writeReport(found)).isEqualTo(page);
    assertThat(Files.readString(page)).isEqualTo(html);
  }

  @Test
  void theReportOfTheRunShowsItOnceForEachFile() throws IOException {
    Path run = temporary.resolve("run");
    Path adapter = run.resolve("best");
    saveAdapter(adapter);
    Path report = run.resolve("report.html");
    Files.writeString(report, "<body>Loss <footer>Written</footer></body>");
    ExportedModel eight = tuned(adapter, GgufQuantization.Q8_0);
    ExportedModel four = tuned(adapter, GgufQuantization.Q4_0);
    eight.writeReport(eight.verify(TEXTS, 16, 0));
    four.writeReport(four.verify(TEXTS, 16, 0));
    four.writeReport(four.verify(TEXTS.subList(0, 2), 16, 0));

    assertThat(Files.readString(report))
        .startsWith("<body>Loss <section")
        .endsWith("</section>\n<footer>Written</footer></body>")
        .containsOnlyOnce("Q8_0.gguf against")
        .containsOnlyOnce("Q4_0.gguf against")
        .containsOnlyOnce("3 texts")
        .containsOnlyOnce("2 texts");
  }

  private ExportedModel tuned(Path adapter, GgufQuantization type) {
    return GgufExport.of(checkpoint)
        .adapter(LoraAdapter.at(adapter))
        .type(type)
        .to(temporary.resolve(type + ".gguf"));
  }

  @Test
  void nothingToReadIsRefused() {
    ExportedModel exported = export(GgufQuantization.F32);
    refuses(
        IllegalArgumentException.class, () -> exported.verify(List.of()), "expected at least 1");
  }
}
