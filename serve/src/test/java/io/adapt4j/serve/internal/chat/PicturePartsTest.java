package io.adapt4j.serve.internal.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.internal.Json;
import io.adapt4j.serve.internal.download.PublicDownload;
import io.adapt4j.serve.internal.http.Fault;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pictures in content parts are data URLs of pictures, and few. */
class PicturePartsTest {

  private static final String DATA = "data:image/png;base64,AQID";

  private static JsonNode part(String url) throws IOException {
    return Json.parse("{\"type\":\"image_url\",\"image_url\":%s}".formatted(url));
  }

  private static JsonNode object(String url) throws IOException {
    return part("{\"url\":\"%s\"}".formatted(url));
  }

  @Test
  void aPictureIsTheBytesOfItsDataUrl() throws IOException {
    PictureParts pictures = PictureParts.unanswered();
    assertThat(pictures.isEmpty()).isTrue();
    pictures.add("a", object(DATA));
    pictures.add("b", part("\"DATA:IMAGE/PNG;BASE64,AQID\""));
    assertThat(pictures.isEmpty()).isFalse();
    assertThat(pictures.pictures())
        .extracting(picture -> picture.name() + picture.bytes().length)
        .containsExactly("a.image_url.url3", "b.image_url3");
    assertThat(pictures.pictures().get(0).bytes()).containsExactly(1, 2, 3);
    assertThat(PictureParts.isPicture(part("1"))).isTrue();
    assertThat(PictureParts.isPicture(Json.parse("{\"type\":\"input_image\"}"))).isTrue();
    assertThat(PictureParts.isPicture(Json.parse("{\"type\":\"text\"}"))).isFalse();
  }

  @Test
  void aPictureElsewhereIsNotDownloadedForAConversationThatIsKept() throws IOException {
    PictureParts pictures = PictureParts.unanswered();
    pictures.add("a", object("HTTPS://pictures.example/a.png"));
    assertThat(pictures.pictures().get(0).bytes()).isEmpty();
  }

  @Test
  void aRequestHas16PicturesAtMost() throws IOException {
    PictureParts pictures = PictureParts.unanswered();
    for (int i = 0; i < 16; i++) {
      pictures.add("a", object(DATA));
    }
    assertThatThrownBy(() -> pictures.add("b", object(DATA)))
        .isInstanceOf(Fault.class)
        .hasMessageContaining("b: expected at most 16 pictures");
  }

  @Test
  void aModelOfTextsReadsNone() {
    assertThatThrownBy(() -> PictureParts.none().add("a", object(DATA)))
        .isInstanceOf(Fault.class)
        .hasMessageContaining("a: this model reads no pictures");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          1                              | a.image_url: expected a data URL
          {"path":"x"}                   | a.image_url.url: expected a data URL
          "file:///etc/passwd"           | loads no pictures from elsewhere
          "data:text/html;base64,AQID"   | loads no pictures from elsewhere
          "data:image/png,AQID"          | loads no pictures from elsewhere
          "data:image/png;base64"        | loads no pictures from elsewhere
          ",data:image/png;base64,AQID"  | loads no pictures from elsewhere
          "data:image/png;base64,?"      | expected base64 after the comma
          """)
  void othersAreRefused(String url, String message) {
    assertThatThrownBy(() -> PictureParts.unanswered().add("a", part(url)))
        .isInstanceOf(Fault.class)
        .hasMessageContaining(message);
  }

  @Test
  void anErrorQuotesLittle() throws IOException {
    PictureParts pictures = PictureParts.unanswered();
    String type = "data:image/" + "x".repeat(82);
    pictures.add("a", object(type + ";base64,AQID"));
    assertThatThrownBy(() -> pictures.add("a", object(type + "x;base64,AQID")))
        .hasMessageEndingWith("found '" + type.substring(0, 40) + "...'");
    String forty = "x".repeat(40);
    assertThatThrownBy(() -> pictures.add("a", object(forty)))
        .hasMessageEndingWith("found '" + forty + "'");
  }

  private static PictureParts downloading() {
    PublicDownload download =
        new PublicDownload(
            host -> InetAddress.getAllByName("127.0.0.1"), InetAddress::isLoopbackAddress);
    return new PictureParts(Optional.empty(), true, Optional.of(download));
  }

  @Test
  void picturesElsewhereAreDownloadedInTheirOrderWithinOneLimit() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          int length = Integer.parseInt(exchange.getRequestURI().getPath().substring(1));
          exchange.sendResponseHeaders(200, length);
          exchange.getResponseBody().write(new byte[length]);
          exchange.close();
        });
    server.start();
    String url = "http://pictures.example:" + server.getAddress().getPort() + "/";
    int most = PictureParts.MOST_BYTES;
    try {
      PictureParts pictures = downloading();
      pictures.add("a", object(url + (most - 5)));
      pictures.add("b", object(DATA));
      pictures.add("c", object(url + 5));
      pictures.downloadAll(new CancellationToken());
      assertThat(pictures.pictures())
          .extracting(picture -> picture.name() + " " + picture.bytes().length)
          .containsExactly(
              "a.image_url.url " + (most - 5), "b.image_url.url 3", "c.image_url.url 5");

      PictureParts more = downloading();
      more.add("a", object(url + (most - 5)));
      more.add("b", object(url + 6));
      assertThatThrownBy(() -> more.downloadAll(new CancellationToken()))
          .isInstanceOf(Fault.class)
          .hasMessageContaining("b.image_url.url: expected at most 5 bytes, found more. Send the");

      CancellationToken cancelled = new CancellationToken();
      cancelled.cancel();
      assertThatThrownBy(() -> more.downloadAll(cancelled))
          .isInstanceOf(CancellationException.class);
    } finally {
      server.stop(0);
    }
  }
}
