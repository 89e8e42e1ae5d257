package io.adapt4j.serve.internal.gateway;

import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.serve.internal.http.Call;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Objects;

/**
 * The page for trying models, at {@code /}. It loads nothing from elsewhere, and its content
 * security policy allows only the scripts and styles in the resource.
 */
public final class Page {

  private static final String RESOURCE = "page.html";

  private static final String WITHOUT_FEEDBACK = "const FEEDBACK = false;";
  private static final String WITH_FEEDBACK = "const FEEDBACK = true;";

  private final String html;
  private final String policy;

  /** Creates a page, with buttons to rate answers if the server takes feedback. */
  public Page(boolean takesFeedback) {
    this.html = takesFeedback ? read().replace(WITHOUT_FEEDBACK, WITH_FEEDBACK) : read();
    this.policy =
        "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none';"
            + " form-action 'none'; frame-ancestors 'none'; style-src "
            + hash("style")
            + "; script-src "
            + hash("script");
  }

  private static String read() {
    try (InputStream in = Page.class.getResourceAsStream(RESOURCE)) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the hash that allows the text of an element. */
  private String hash(String element) {
    String begin = "<" + element + ">";
    int start = html.indexOf(begin) + begin.length();
    String text = html.substring(start, html.indexOf("</" + element + ">"));
    byte[] digest = FileDigest.sha256().digest(text.getBytes(StandardCharsets.UTF_8));
    return "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
  }

  void send(Call call) throws IOException {
    call.set("Content-Security-Policy", policy);
    call.set("X-Content-Type-Options", "nosniff");
    call.set("Referrer-Policy", "no-referrer");
    call.set("Cache-Control", "no-cache");
    call.send(200, "text/html; charset=utf-8", html);
  }
}
