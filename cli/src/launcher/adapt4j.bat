@echo off
rem Runs the command line from any directory.
rem JAVA_HOME chooses the JDK; ADAPT4J_OPTS are further options of the JVM, such as -Xmx8g.
setlocal
set "APP_HOME=%~dp0.."
set "JAVA=java"
if defined JAVA_HOME set "JAVA=%JAVA_HOME%\bin\java.exe"
if not defined OMP_WAIT_POLICY set "OMP_WAIT_POLICY=PASSIVE"
"%JAVA%" -XX:+IgnoreUnrecognizedVMOptions --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow %ADAPT4J_OPTS% -cp "%APP_HOME%\lib\*" io.adapt4j.cli.Adapt4j %*
exit /b %ERRORLEVEL%
