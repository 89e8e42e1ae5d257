package io.adapt4j.studio.internal.web;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.studio.internal.page.Looks;
import io.adapt4j.studio.internal.page.Pages;
import io.adapt4j.studio.internal.store.Preferences;
import io.adapt4j.studio.internal.store.Workspace;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.security.Principal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A container's requests: only those of a user whom the application knows. */
class ServletFrontTest {

  private static final Screen HOME = (request, look) -> Response.html("home");

  @TempDir private Path folder;

  private List<String> answer(boolean known, Map<String, Object> values) throws Exception {
    try (Workspace workspace = new Workspace(folder)) {
      Looks looks = new Looks("/studio/", new Preferences(workspace));
      Router router = new Router(Access.ofHost(), looks, new Pages(), Map.of("", HOME));
      List<String> said = new ArrayList<>();
      HttpServletRequest request =
          proxy(
              HttpServletRequest.class,
              (method, arguments) -> {
                if (method.equals("getUserPrincipal")) {
                  return known ? (Principal) () -> "anna" : null;
                }
                if (method.equals("getHeaderNames")) {
                  return Collections.emptyEnumeration();
                }
                return values.get(method);
              });
      HttpServletResponse response =
          proxy(
              HttpServletResponse.class,
              (method, arguments) -> {
                if (method.equals("sendError") || method.equals("setStatus")) {
                  said.add(method + " " + arguments[0]);
                }
                return null;
              });
      new ServletFront("/studio/", router, true).answer(request, response);
      return said;
    }
  }

  /** Answers a call of an interface by the method's name. */
  private interface Answers {
    Object of(String method, Object[] arguments) throws Throwable;
  }

  private static <T> T proxy(Class<T> type, Answers answers) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) -> answers.of(method.getName(), arguments)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "POST", "HEAD"})
  void aStrangerIsRefused(String method) throws Exception {
    assertThat(answer(false, Map.of("getMethod", method, "getRequestURI", "/studio/")))
        .containsExactly("sendError 401");
  }

  @Test
  void aKnownUserIsAnswered() throws Exception {
    ServletInputStream nothing =
        new ServletInputStream() {
          @Override
          public int read() {
            return -1;
          }

          @Override
          public boolean isFinished() {
            return true;
          }

          @Override
          public boolean isReady() {
            return true;
          }

          @Override
          public void setReadListener(ReadListener listener) {}
        };
    assertThat(
            answer(
                true,
                Map.of(
                    "getMethod", "HEAD", "getRequestURI", "/studio/", "getInputStream", nothing)))
        .containsExactly("setStatus 200");
  }
}
