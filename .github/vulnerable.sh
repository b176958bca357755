#!/usr/bin/env bash
# Fails if any package, direct or transitive, has a hole that the feed knows of; dotnet itself only prints it.
# Some feeds know of none at all, and would call anything sound: such a feed is found out with a package that has one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

holes() { dotnet list "$1" package --vulnerable --include-transitive 2>&1; }
found='has the following vulnerable packages'

outcome=0
report="$(holes "${1:-Serverless.sln}")" || outcome=$?
printf '%s\n' "$report"
((outcome == 0)) || exit "$outcome"
! grep -q "$found" <<<"$report" || exit 1

probe="$(mktemp -d)"
trap 'rm -r "$probe"' EXIT
cat >"$probe/probe.csproj" <<PROJECT
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework><NuGetAudit>false</NuGetAudit></PropertyGroup>
  <ItemGroup><PackageReference Include="Newtonsoft.Json" Version="12.0.1" /></ItemGroup>
</Project>
PROJECT
dotnet restore "$probe/probe.csproj" >/dev/null
grep -q "$found" <<<"$(holes "$probe/probe.csproj")" || {
  echo "This feed has no data on holes: it calls Newtonsoft.Json 12.0.1 sound, which has one. The report above says nothing." >&2
  exit 3
}
